"""Warns a program of what its address asks for, and the room does not give."""

from __future__ import annotations

import warnings

from clients.python.core.client_protocol import ClientProtocol
from clients.python.core.conditions import unheard
from clients.python.events import Event, Notice
from clients.python.io.event_queue import EventQueue
from protocol.frames import NoticeKind

CALLERS = 5
"""From here to the program that enters a room by `async with`."""


def warn_of_ignored(url: str, protocol: ClientProtocol, queue: EventQueue) -> None:
    """Do so right after LIVE. Args: queue: of all events so far."""
    if "?" not in url:
        return  # it asks for nothing, as nearly always
    is_shaped = any(map(_is_shaped, queue.events()))
    if said := unheard(url, protocol.code, protocol.options, is_shaped=is_shaped):
        warnings.warn(said, stacklevel=CALLERS)


def _is_shaped(event: Event) -> bool:
    if not isinstance(event, Notice) or event.kind != NoticeKind.SHAPED:
        return False
    return event.detail.said is not None
