"""Section 12.6: a client that reads too slowly."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from clients.conform.server.scene import Player, Scene, book
from protocol.frames import (
    Deliver,
    Notice,
    NoticeKind,
    PresenceChanged,
    PresenceState,
    Send,
    Volatile,
)

BUFFER = 4096  # bytes that the kernel takes for a client that does not read
PAYLOAD = 15_000  # bytes
SENDERS, SENDS = 6, 60
"""These many say so much at once: 5 MiB, more than any kernel keeps for a connection."""


@book.case(
    12,
    keeps="12.6.1; 12.6.2; 4 PRESENCE LAGGING; 4 NOTICE LAG; 5 notice dropped; 5 notice after; "
    "19 waiting for a client to read",
    breaks="12.6.4",
    is_slow=True,
)
async def one_who_catches_up(scene: Scene) -> None:
    """A slow reader is LAGGING, hears NOTICE LAG, and then everything in order."""
    ann, slow = await _pair(scene)
    await _flood(scene, slow)
    await ann.expect(PresenceChanged, "12.6.2", within=8, player=slow.me,
                     state=PresenceState.LAGGING)  # fmt: skip
    slow.socket.transport.resume_reading()  # type: ignore[attr-defined] # both kinds have it
    first = await slow.expect(Notice, "12.6.2", within=8, kind=NoticeKind.LAG)
    slow.check(first.detail.dropped is None, "the first LAG says that it has caught up", "12.6.2")
    last = await slow.expect(Notice, "12.6.2", within=15, kind=NoticeKind.LAG)
    slow.check(last.detail.dropped is not None, "the second LAG has no `dropped`", "12.6.2")
    await ann.expect(PresenceChanged, "12.6.2", within=8, player=slow.me, state=PresenceState.HERE)
    await ann.say(Send(slow.me, b"end"))
    while (await slow.find(Deliver, within=15)).payload != b"end":
        pass
    heard = [each.payload for each in slow.heard if isinstance(each, Deliver)]
    for sender in range(SENDERS):
        own = [each for each in heard if each[:1] == bytes([sender]) and len(each) == PAYLOAD]
        counts = [int.from_bytes(each[1:3]) for each in own]
        slow.check(counts == list(range(SENDS)), f"of a sender it heard {counts[:5]}…", "12.6.1")


@book.case(12, keeps="12.6.3; 8 4002; 8.3; 4 PRESENCE LOST", breaks="12.6.4", is_slow=True)
async def one_who_does_not(scene: Scene) -> None:
    """One who has not caught up within 5 s is closed with 4002, and the seat is held."""
    ann, slow = await _pair(scene)
    await _flood(scene, slow)
    await ann.expect(PresenceChanged, "12.6.2", within=8, player=slow.me,
                     state=PresenceState.LAGGING)  # fmt: skip
    begin = scene.now
    await ann.expect(PresenceChanged, "12.6.3", within=10, player=slow.me,
                     state=PresenceState.LOST)  # fmt: skip
    ann.check(scene.now - begin > 2, "it was closed too soon", "12.6.3")
    slow.socket.transport.resume_reading()  # type: ignore[attr-defined] # both kinds have it
    await slow.ends(4002)
    again = await scene.again(slow)
    welcome = await again.welcomed("12.6.3")
    again.check(welcome.player == slow.me, "the seat was not held", "12.6.3")


async def _pair(scene: Scene) -> tuple[Player, Player]:
    """Let one enter who reads, and one whose kernel keeps little."""
    scene.needs_loopback()
    ann = await scene.enter("Ann")
    end = socket.socket()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    end.setblocking(False)
    parts = urlsplit(scene.base)
    await asyncio.get_running_loop().sock_connect(end, (parts.hostname, parts.port or 80))
    slow = await scene.connect(sock=end)
    await slow.enter(name="Slow", seat=bytes(range(16)))
    slow.socket.transport.pause_reading()  # type: ignore[attr-defined] # both kinds have it
    return ann, slow


async def _flood(scene: Scene, slow: Player) -> None:
    for sender in range(SENDERS):
        bob = await scene.enter(f"Bob {sender}")
        for count in range(SENDS):
            head = bytes([sender]) + count.to_bytes(2)
            await bob.say(Send(slow.me, head + bytes(PAYLOAD - 3)))
        await bob.say(Volatile(1, slow.me, b"old"), Volatile(1, slow.me, b"new"))
