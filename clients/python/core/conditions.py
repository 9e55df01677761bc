"""The bad network that a room's link may ask for (SPEC 2.9), and whether it is had."""

from __future__ import annotations

from urllib.parse import urlsplit

from protocol.frames import RoomOptions


def unheard(url: str, room: str, options: RoomOptions, *, is_shaped: bool) -> str:
    """Say that an address asks in vain; empty if it asks for nothing, or has it.

    Args:
        url: of the room.
        room: its code.
        options: how the room was made.
        is_shaped: whether the relay has said that conditions hold.
    """
    asked = urlsplit(url).query
    if not asked or (is_shaped and options.chaos):
        return ""
    if not options.chaos:
        return (
            f"room {room} does not let links ask for a bad network, so {asked} changes nothing:"
            " whoever makes the room decides that, by its option chaos"
        )
    return (
        f"room {room} lets links ask for a bad network, but the relay applies none for {asked}:"
        " see whether it is one of lan, wifi, train-wifi, mobile-3g, hotel and satellite, and the"
        " seed a whole number"
    )
