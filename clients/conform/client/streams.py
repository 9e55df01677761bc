"""Sections 12, 20, 22 and 23: streams, the past, and what a client does not know."""

from __future__ import annotations

import asyncio

from clients.conform.client.stage import EPOCH, SEAT, Stage, as_it_stands, book, welcome
from protocol.codec import pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    ErrorDetail,
    Left,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    PresenceChanged,
    Send,
    Snapshot,
    Update,
)

# Section 12: streams.


@book.case(12, keeps="12.4.2a; 1.1.5; 4 ACK C; 12.4 ACK C; 12.4 LIVE R")
async def live_is_acknowledged(stage: Stage) -> None:
    """ACK follows LIVE with its seq, which is higher than that of all facts."""
    relay = await stage.connect()
    await relay.hello()
    await relay.welcomes(live=5)


@book.case(12, keeps="12.4.2b; 12.1.2", is_slow=True)
async def acks_are_rare(stage: Stage) -> None:
    """While the position grows, ACK comes at most once a second, and never beyond it."""
    relay = await stage.enters()
    begin, seq, acks = stage.now, 3, 0
    while (passed := stage.now - begin) < 2.5:
        await relay.say(Deliver(seq := seq + 1, 2, b""))
        try:
            ack = await relay.next(0.1)
        except TimeoutError:
            continue
        if isinstance(ack, Ack):
            acks += 1
            relay.check(ack.seq <= seq, f"ACK {ack.seq} where {seq} is the last", "12.4 ACK C")
    relay.check(acks <= passed + 2, f"{acks} ACKs in {passed:.1f} s", "12.4.2b")
    relay.check(acks > 0, "no ACK while the position grew", "12.4.2b")


@book.case(
    12,
    keeps="12.2.3; 12.5.2; 12.5.7; 4 SNAPSHOT R; 4.10; 12.4 SNAPSHOT R; 12.5.6; "
    "5 session complete_from",
)
async def a_snapshot_and_history(stage: Stage) -> None:
    """A snapshot is handed on once its parts are there, then the history behind it."""
    stage.needs("snapshot")
    relay = await stage.connect()
    await relay.hello()
    past = (Snapshot(40, 0, 2, b"sta"), Snapshot(40, 1, 2, b"te"), Deliver(41, 2, b"then"))
    await relay.welcomes(*as_it_stands(), *past, live=42, complete_from=7)
    await stage.told("snapshot", "12.5.7", seq=40, payload=b"state".hex())
    await stage.payload(b"then", "12.2.3", seq=41)
    await stage.told("live", "12.5.6", seq=42, complete_from=7)


@book.case(12, keeps="12.5.7", breaks="12.5.2")
async def half_a_snapshot(stage: Stage) -> None:
    """A snapshot whose stream was cut is of no use; the next stream tells a whole one."""
    stage.needs("snapshot")
    relay = await stage.connect()
    await relay.hello()
    await relay.say(welcome(), *as_it_stands(), Snapshot(40, 0, 2, b"lost"))
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position is None, "a position before LIVE", "12.3.1b")
    await relay.welcomes(*as_it_stands(), Snapshot(50, 0, 1, b"whole"), live=50)
    await stage.told("snapshot", seq=50, payload=b"whole".hex())


@book.case(12, keeps="12.5.6; 4 NOTICE TRIMMED")
async def history_is_trimmed(stage: Stage) -> None:
    """TRIMMED raises what the past is complete from."""
    relay = await stage.connect()
    await relay.hello()
    trimmed = Notice(NoticeKind.TRIMMED, NoticeDetail(seq=30))
    await relay.welcomes(*as_it_stands(), trimmed, Deliver(31, 2, b""), live=31, complete_from=10)
    await stage.told("live", complete_from=30)


PAST = 15 << 20
"""Bytes of history: less than a client must hold, and far more than the sockets between us do."""
A_FACT = 32 << 10  # bytes of it


@book.case(12, keeps="12.6.4")
async def a_past_that_nobody_reads(stage: Stage) -> None:
    """A client whose program reads nothing goes on reading up to LIVE, and loses nothing."""
    stage.needs("hold")
    relay = await stage.connect()
    await relay.hello()
    await stage.do("hold")
    seqs = range(4, 4 + PAST // A_FACT)
    past = [Deliver(seq, 2, bytes(A_FACT)) for seq in seqs]
    async with asyncio.timeout(2 * stage.patience):
        await relay.welcomes(*as_it_stands(), *past, live=seqs.stop, complete_from=0)
    await stage.do("go_on")
    for seq in seqs:
        await stage.told("message", within=2 * stage.patience, seq=seq, sender=2)


# Section 20 and 23: what a client does not know.


HEADS = {
    "0x00..0x7F, 0xE0..0xFF, 0xC0, 0xC2, 0xC3": ("05", "FF", "C0", "C2", "C3"),
    "0x80..0x8F": ("82 A1 61 01 A1 62 02",),
    "0x90..0x9F": ("92 01 93 02 03 04",),
    "0xA0..0xBF": ("A3 61 62 63",),
    "0xC4, 0xD9": ("C4 02 00 01", "D9 02 61 62"),
    "0xC5, 0xDA": ("C5 00 02 00 01", "DA 00 02 61 62"),
    "0xC6, 0xDB": ("C6 00 00 00 02 00 01", "DB 00 00 00 02 61 62"),
    "0xCC, 0xD0": ("CC 80", "D0 80"),
    "0xCD, 0xD1": ("CD 01 00", "D1 80 00"),
    "0xCA, 0xCE, 0xD2": ("CA 3F 80 00 00", "CE 00 01 00 00", "D2 80 00 00 00"),
    "0xCB, 0xCF, 0xD3": (
        "CB 3F F0 00 00 00 00 00 00", "CF 00 00 00 01 00 00 00 00", "D3 FF FF FF FE 00 00 00 00"
    ),
    "0xDC, 0xDD": ("DC 00 02 01 02", "DD 00 00 00 02 01 02"),
    "0xDE, 0xDF": ("DE 00 01 A1 61 01", "DF 00 00 00 01 A1 61 01"),
}  # fmt: skip
"""Values of each row of the table in section 23.2."""


@book.case(23, keeps="; ".join(f"23.2 {row}" for row in HEADS) + "; 23.2; 23.3; 20.1a")
async def every_head_is_skipped(stage: Stage) -> None:
    """Further fields and unknown keys are skipped, whatever their heads."""
    relay = await stage.enters()
    seq = 3
    for row, values in HEADS.items():
        for value in values:
            seq += 1
            # DELIVER with one more field; then JOINED with {"zoom": value, "name": "Cid"}.
            await relay.say(f"95 11 {seq:02X} 02 C4 01 {seq:02X}" + value)
            await stage.payload(bytes([seq]), f"23.2 {row}", seq=seq, sender=2)
            seq += 1
            await relay.say(
                f"94 20 {seq:02X} 07 82 A4 7A 6F 6F 6D {value} A4 6E 61 6D 65 A3 43 69 64",
                Left(seq := seq + 1, 7, 1),
            )
            await stage.told("joined", f"23.2 {row}", name="Cid", player=7)


@book.case(20, keeps="20.1b", breaks="20.3")
async def numbers_that_nobody_knows(stage: Stage) -> None:
    """Unknown reasons, states and kinds are news and not errors."""
    relay = await stage.enters()
    await relay.say(
        PresenceChanged(4, 2, 99),
        Notice(99, NoticeDetail()),
        Left(5, 2, 99),
        Error(6, 99, "", ErrorDetail()),
    )
    await stage.until_mark(relay, 7)


@book.case(20, keeps="20.1a; 5 HELLO min", breaks="20.3")
async def a_welcome_of_a_later_relay(stage: Stage) -> None:
    """A WELCOME with further fields, keys and options is taken."""
    relay = await stage.connect()
    await relay.hello()
    later = {
        "epoch": EPOCH, "room": "ROOM", "weather": [1, {"a": 2}],
        "limits": {"window": 256, "moons": 2}, "options": {"capacity": 4, "fog": True},
    }  # fmt: skip
    await relay.say(b"\x96\x02\x01\x01\x00" + pack(later) + b"\xc0", *as_it_stands(), Live(3))
    await relay.expect(Ack, "20.1a", seq=3)
    await stage.told("live", "20.1a")


@book.case(22, keeps="22.5", breaks="3.2.1; 3.2.5")
async def a_payload_beyond_the_profile(stage: Stage) -> None:
    """A payload that is no value of the profile is an error of that message only."""
    relay = await stage.enters()
    await relay.say(Deliver(4, 2, b"\xc1"), Deliver(5, 2, b"\xd4\x01\x00"), Update(1, 2, b"\x93"))
    await relay.say(Deliver(6, 2, b"\x01"))
    await stage.payload(b"\xc1", seq=4)
    await stage.payload(b"\xd4\x01\x00", seq=5)
    await stage.payload(b"\x01", seq=6)


@book.case(22, keeps="22.1b; 11.1a; 5 HELLO seat")
async def every_seat_has_its_secret(stage: Stage) -> None:
    """A seat is 16 bytes, and another one each time that a program connects anew."""
    stage.needs("seat")
    relay = await stage.connect()
    first = await relay.hello()
    relay.check(len(first.options.seat or b"") == 16, "HELLO has no secret", "11.1a")
    await relay.close(4508)
    relay = await stage.connect()
    second = await relay.hello()
    relay.check(first.options.seat != second.options.seat, "the secret is the same")


@book.case(11, keeps="11.7; 5 session taken; 5 HELLO seat; 1.1.1")
async def a_seat_that_counts_on(stage: Stage) -> None:
    """A program that brings its secret counts on from `taken`."""
    stage.needs("seat")
    relay = await stage.connect(seat=SEAT.hex())
    hello = await relay.hello()
    relay.check(hello.options.seat == SEAT, f"the secret is {hello.options.seat!r}")
    await relay.welcomes(taken=7)
    await stage.told("live")
    await stage.send(b"eighth")
    await relay.expect(Send, payload=b"eighth")
    await relay.say(Error(4, ErrorCode.NO_SUCH_PLAYER, "", ErrorDetail(frame=8)))
    await stage.told("refused", "11.7", code=ErrorCode.NO_SUCH_PLAYER)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.resumes(4, live=4, taken=8)
    await relay.quiet(Send, 0.3, "11.7")
