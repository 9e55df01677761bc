"""Sections 12 and 13: order, streams, resume, history and counting."""

from __future__ import annotations

from clients.conform.server.scene import Scene, all_heard, book, payloads
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Joined,
    Left,
    Ping,
    Pong,
    PresenceChanged,
    PresenceState,
    Send,
    Snapshot,
    Taken,
    Update,
    Volatile,
)

ACK_AFTER = 32
"""Counted frames after which the relay says `taken` at the latest."""


# Section 12: streams.


@book.case(12, keeps="12.1.1a; 12.1.2; 12.1.3; 4.6")
async def one_order_for_all(scene: Scene) -> None:
    """Two players who send at once are heard in one order by a third."""
    ann, bob = await scene.two()
    cid, dora = await scene.enter("Cid"), await scene.enter("Dora")
    for n in range(20):
        await ann.say(Send(None, b"a%d" % n))
        await bob.say(Send(None, b"b%d" % n))
    for each in (ann, bob):
        await each.fence()
    await ann.say(Send(None, b"end"))
    first = await all_heard(cid, b"end", "4.6")
    second = await all_heard(dora, b"end", "4.6")
    cid.check(first == second, "two players heard two orders", "12.1.1a")
    for letter in (b"a", b"b"):
        own = [each for each in first if each.startswith(letter)]
        cid.check(own == [letter + b"%d" % n for n in range(20)], "its order is not kept", "12.1.3")


@book.case(
    12,
    keeps="12.2.1; 12.2.2; 12.2.4; 12.2.5; 1.1.2; 14.2; 12.4 LIVE R; 12.4 WELCOME R; "
    "4 UPDATE; 4 VOLATILE; 4.7; 5 session complete_from; 12.5.6",
)
async def a_fresh_stream(scene: Scene) -> None:
    """WELCOME with seq 0, the room as it stands in growing order, LIVE, retained UPDATEs."""
    ann, bob = await scene.two()
    await ann.say(Volatile(5, None, b"old"), Volatile(5, None, b"new"), Send(None, b"past"))
    await bob.expect(Deliver, payload=b"past")
    cid = await scene.connect()
    await cid.hello()
    welcome = await cid.welcomed()
    cid.check(welcome.seq == 0 and not welcome.session.resumed, "it begins elsewhere", "12.2.1")
    await cid.live()
    seqs = [each.seq for each in cid.stream if isinstance(each, Joined)]
    cid.check(seqs == sorted(seqs) and len(seqs) == 3, f"JOINED at {seqs}", "12.2.2")
    cid.check(not payloads(cid.stream), "history in a room without", "12.5.1")
    complete = welcome.session.complete_from
    cid.check(complete > 0, "`complete_from` says that nothing is missing", "12.5.6")
    await cid.expect(Update, "12.2.5", key=5, sender=ann.me, payload=b"new")


@book.case(
    12,
    keeps="12.3.3a; 12.1.2; 5 session resumed; 11.1b; 23.4; 4 PRESENCE R; 12.4 DELIVER R; 1.1.1",
)
async def a_resume(scene: Scene) -> None:
    """A resume tells every fact after the position once, one's own PRESENCE too, then LIVE."""
    ann, bob = await scene.two()
    await ann.say(Send(None, b"1"))
    await bob.expect(Deliver, payload=b"1")
    position = (bob.epoch, bob.reached)
    await bob.drop()
    await ann.expect(PresenceChanged, state=PresenceState.LOST)
    await ann.say(Send(None, b"2"), Send(bob.me, b"3"), Send(ann.me, b"not for Bob"))
    await ann.fence()
    again = await scene.again(bob, position=position)
    welcome = await again.welcomed()
    again.check(welcome.session.resumed, "the resume was refused")
    again.check(welcome.seq == position[1], f"WELCOME says seq {welcome.seq}", "12.3.3a")
    await again.live()
    again.check(payloads(again.stream) == [b"2", b"3"], f"{payloads(again.stream)} were told")
    own = [each.state for each in again.stream if isinstance(each, PresenceChanged)]
    again.check(own == [PresenceState.LOST, PresenceState.HERE], f"its own PRESENCE: {own}")
    joined = [each for each in again.stream if isinstance(each, Joined)]
    again.check(not joined, "the room was told anew")


@book.case(12, keeps="12.3.3a; 12.3.5", breaks="12.3.1a")
async def a_resume_from_further_back(scene: Scene) -> None:
    """A client that comes back from an older position hears again what it had heard."""
    ann, bob = await scene.two()
    position = (bob.epoch, bob.reached)
    await ann.say(*(Send(None, b"%d" % n) for n in range(5)))
    await all_heard(bob, b"4")
    await bob.drop()
    again = await scene.again(bob, position=position)
    await again.welcomed()
    await again.live()
    again.check(payloads(again.stream) == [b"0", b"1", b"2", b"3", b"4"], "not all was told again")


@book.case(12, keeps="12.3.4; 7 SEAT_EXPIRED; 7.2; 12.2.1", is_slow=True)
async def a_seat_that_has_expired(scene: Scene) -> None:
    """A position of an expired seat is SEAT_EXPIRED, and WELCOME of another seat follows."""
    ann, bob = await scene.two(hold=0)
    position = (bob.epoch, bob.reached)
    await bob.drop()
    await ann.expect(Left, player=bob.me)
    again = await scene.again(bob, position=position)
    await again.refused(ErrorCode.SEAT_EXPIRED, "7.2", seq=0)
    welcome = await again.welcomed("7.2")
    again.check(welcome.player != bob.me, "the number was used again", "7 SEAT_EXPIRED")
    again.check(not welcome.session.resumed, "a part was resumed", "12.3.4")
    await again.live()


@book.case(12, keeps="12.4.1; 12.4 PONG R; 12.4 ACK R")
async def a_pong_comes_after_all_that_it_names(scene: Scene) -> None:
    """PONG and ACK never name a seq whose frames have not been sent."""
    ann, bob = await scene.two()
    for n in range(60):
        await ann.say(Send(True, b"%d" % n), Ping(n))
    await all_heard(ann, b"59")
    await bob.fence()


@book.case(12, keeps="12.4.2c; 4 ACK C; 12.4 ACK C", breaks="12.4.2a")
async def an_ack_of_the_future(scene: Scene) -> None:
    """An ACK beyond what was sent counts as what was sent."""
    ann = await scene.enter("Ann")
    await ann.say(Ack(2**53 - 1), Ack(0))
    await ann.fence("12.4.2c")
    await ann.say(Send(True, b"on"))
    await ann.expect(Deliver, payload=b"on")


@book.case(12, keeps="12.5.1; 12.2.3; 5 room history; 12.5.6")
async def full_history(scene: Scene) -> None:
    """With "full" history a late joiner hears what was for all, and nothing personal."""
    ann, bob = await scene.two(history="full")
    await ann.say(Send(None, b"1"), Send(bob.me, b"secret"), Send(True, b"2"), Send(-3, b"group"))
    await all_heard(ann, b"2")
    cid = await scene.connect()
    await cid.hello()
    welcome = await cid.welcomed()
    complete = welcome.session.complete_from
    cid.check(complete == 0, f"complete from {complete}, but nothing is missing", "12.5.6")
    await cid.live()
    cid.check(payloads(cid.stream) == [b"1", b"2"], f"{payloads(cid.stream)} were told")


@book.case(12, keeps="12.5.1")
async def history_behind_a_snapshot_only(scene: Scene) -> None:
    """With "snapshot" history there is none while there is no snapshot."""
    ann, _ = await scene.two(history="snapshot")
    await ann.say(Send(None, b"1"))
    await ann.fence()
    cid = await scene.enter("Cid")
    cid.check(not payloads(cid.stream), "history without a snapshot")


@book.case(
    12,
    keeps="12.5.2; 12.5.4; 12.2.3; 4 SNAPSHOT C; 4 SNAPSHOT R; 4.10; 12.4 SNAPSHOT R; "
    "12.4 SNAPSHOT C",
)
async def a_snapshot(scene: Scene) -> None:
    """A late joiner hears the snapshot in its parts, then only what it does not hold."""
    ann, bob = await scene.two(history="full")
    await bob.say(Send(None, b"held"))
    held = await ann.expect(Deliver, payload=b"held")
    await ann.say(Snapshot(held.seq, 0, 2, b"sta"), Snapshot(held.seq, 1, 2, b"te"))
    await ann.say(Send(None, b"after"))
    await bob.expect(Deliver, payload=b"after")
    await bob.hears_none(Snapshot, "12.5.2")
    cid = await scene.enter("Cid")
    told = [each for each in cid.stream if isinstance(each, Snapshot)]
    parts = [(each.seq, each.part, each.parts, each.payload) for each in told]
    wanted = [(held.seq, 0, 2, b"sta"), (held.seq, 1, 2, b"te")]
    cid.check(parts == wanted, f"the parts are {parts}", "12.5.2")
    cid.check(payloads(cid.stream) == [b"after"], f"history: {payloads(cid.stream)}", "12.5.4")


@book.case(
    12,
    keeps="12.5.3; 7 NOT_HOST; 7 NOT_AVAILABLE; 7 OUT_OF_RANGE; 5 error retry",
    breaks="12.5.2; 4.10",
)
async def snapshots_that_are_none(scene: Scene) -> None:
    """Snapshots of guests, of the future and out of order are refused."""
    ann, bob = await scene.two(history="full")
    await bob.say(Snapshot(0, 0, 1, b""))
    await bob.refused(ErrorCode.NOT_HOST, "12.5.3")
    await ann.say(Snapshot(10**9, 0, 1, b""))
    await ann.refused(ErrorCode.OUT_OF_RANGE, "12.5.3")
    await ann.say(Snapshot(1, 1, 2, b""))
    await ann.refused(ErrorCode.NOT_AVAILABLE, "12.5.3", detail__retry=True)
    cid = await scene.enter("Cid")
    cid.check(not any(isinstance(each, Snapshot) for each in cid.stream), "a part was told")


@book.case(12, keeps="12.5.3; 4.11; 7 NOT_AVAILABLE", breaks="5 room history")
async def a_snapshot_without_history(scene: Scene) -> None:
    """In a room without history SNAPSHOT is NOT_AVAILABLE."""
    ann, _ = await scene.two()
    await ann.say(Snapshot(0, 0, 1, b""))
    await ann.refused(ErrorCode.NOT_AVAILABLE, "12.5.3", detail__frame=1)


@book.case(12, keeps="12.5.3; 19 a snapshot; 7 NO_ROOM_LEFT", breaks="12.5.2")
async def a_snapshot_of_too_many_parts(scene: Scene) -> None:
    """A snapshot of 65 parts is NO_ROOM_LEFT."""
    ann, _ = await scene.two(history="full")
    await ann.say(*(Snapshot(1, part, 65, b"x") for part in range(65)))
    await ann.refused(ErrorCode.NO_ROOM_LEFT, "19 a snapshot")


@book.case(12, keeps="12.7; 5 room delay", is_slow=True)
async def a_spectator_is_kept_behind(scene: Scene) -> None:
    """With `delay` a spectator hears a SEND that much later, and players at once."""
    ann, bob = await scene.two(delay=2)
    begin = scene.now
    cid = await scene.connect()
    await cid.hello(role="spectator")
    await cid.welcomed()
    await ann.say(Send(None, b"late"))
    await bob.expect(Deliver, payload=b"late")
    bob.check(scene.now - begin < 2, "a player was kept behind")
    await cid.expect(Deliver, within=2 + 3, payload=b"late")
    cid.check(scene.now - begin > 1.9, "the spectator was not kept behind")


# Section 13: counting.


@book.case(13, keeps="13.1; 13.2; 4.5; 5 error frame", breaks="3.3.4; 4 target")
async def whatever_has_a_counted_opcode_counts(scene: Scene) -> None:
    """Accepted, refused and malformed messages count alike; others do not."""
    ann = await scene.enter("Ann")
    await ann.say(Send(None, b""), Send(99, b""), "93 10 A0 C0", "91 10", Ping(7), "92 7F 00")
    for frame in (2, 3, 4):
        error = await ann.find(Error)
        ann.check(error.detail.frame == frame, f"frame {error.detail.frame}, not {frame}", "13.1")
    pong = await ann.expect(Pong, t=7)
    ann.check(pong.taken == 4, f"{pong.taken} are taken, not 4", "13.2")


@book.case(13, keeps="13.3; 4 ACK R; 1.1.8")
async def taken_is_told_in_time(scene: Scene) -> None:
    """`taken` is told 250 ms after the first that was not said."""
    ann = await scene.enter("Ann")
    await ann.say(Send(None, b""))
    taken = await ann.expect(Taken, within=0.25 + 1)
    ann.check(taken.taken == 1, f"{taken.taken} are taken, not 1")


@book.case(13, keeps="13.3")
async def taken_is_told_after_32(scene: Scene) -> None:
    """`taken` is told after 32 more were taken, at the latest."""
    ann = await scene.enter("Ann")
    await ann.say(*[Send(None, b"")] * (3 * ACK_AFTER))
    said = 0
    while said < 3 * ACK_AFTER:
        taken = (await ann.expect(Taken)).taken
        ann.check(said < taken <= said + ACK_AFTER, f"{said}, then {taken}")
        said = taken


@book.case(13, keeps="13.2; 13.3; 5 session taken", breaks="13.5")
async def frames_that_are_sent_again(scene: Scene) -> None:
    """WELCOME's `taken` says what is taken; what is sent again after it counts on."""
    ann, bob = await scene.two()
    await bob.say(Send(None, b"1"), Send(None, b"2"))
    await all_heard(ann, b"2")
    position = (bob.epoch, bob.reached)
    await bob.drop()
    again = await scene.again(bob, position=position)
    welcome = await again.welcomed()
    again.check(welcome.session.taken == 2, f"taken is {welcome.session.taken}", "13.3")
    await again.say(Send(None, b"3"), Ping(1))
    pong = await again.expect(Pong, t=1)
    again.check(pong.taken == 3, f"{pong.taken} are taken, not 3", "13.2")
    heard = await all_heard(ann, b"3")
    ann.check(heard == [b"3"], f"{heard} were delivered")
