"""Reads of what a stream keeps, several messages at a time, from any server that keeps it.

nats-py reads one at a time. The answers come as messages with headers, and an empty one ends them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relay.cluster.nats.answers import status_of
from relay.cluster.nats.connection import Connection

if TYPE_CHECKING:
    from nats.aio.msg import Msg

SECONDS = 2.0
"""For which an answer is waited for."""

MOST_SUBJECTS = 500
"""Subjects that one request asks for the newest messages of; the server takes 1024."""

SEQUENCE = "Nats-Sequence"
SUBJECT = "Nats-Subject"
NONE_FOUND = "404"
END = "204"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that a stream keeps."""

    seq: int
    subject: str
    headers: Mapping[str, str]
    data: bytes


async def read_from(
    connection: Connection,
    stream: str,
    subject: str,
    seq: int,
    limit: int,
    seconds: float = SECONDS,
) -> list[Kept]:
    """Return messages of a subject, which may have wildcards, from `seq` on, in order.

    Raises:
        OSError: nobody answers.
    """
    request = {"seq": max(seq, 1), "next_by_subj": subject, "batch": limit}
    return await _get(connection, stream, request, seconds)


async def newest_of(connection: Connection, stream: str, subjects: Sequence[str]) -> list[Kept]:
    """Return the newest message of each subject that has one.

    Raises:
        OSError: nobody answers.
    """
    found: list[Kept] = []
    for start in range(0, len(subjects), MOST_SUBJECTS):
        asked = subjects[start : start + MOST_SUBJECTS]
        found += await _get(connection, stream, {"multi_last": list(asked)}, SECONDS)
    return found


async def _get(
    connection: Connection, stream: str, request: Mapping[str, Any], seconds: float
) -> list[Kept]:
    found: list[Kept] = []
    refusal = ""

    def take(message: Msg) -> bool:
        nonlocal refusal
        headers = message.headers or {}
        if SEQUENCE in headers:
            kept = Kept(int(headers[SEQUENCE]), headers[SUBJECT], headers, message.data)
            found.append(kept)
            return False
        if (status := status_of(message)) not in (END, NONE_FOUND):
            refusal = f"{status} {headers.get('Description', '')}"
        return True

    data = json.dumps(request).encode()
    await connection.gather(f"$JS.API.DIRECT.GET.{stream}", data, take, seconds)
    if refusal:
        raise OSError(f"{stream} cannot be read: {refusal}")
    return found
