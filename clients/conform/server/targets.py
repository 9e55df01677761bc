"""Sections 6 and 7: targets, and errors about counted frames."""

from __future__ import annotations

from clients.conform.server.scene import Scene, all_heard, book
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Leave,
    Left,
    Send,
    Subscribe,
    Volatile,
)

# Section 6: targets.


@book.case(6, keeps="6 nil or false; 6 true; 4 target; 12.1.3")
async def all_others_and_everyone(scene: Scene) -> None:
    """nil and false are all others, true is everyone, and order is kept."""
    ann, bob = await scene.two()
    await ann.say(Send(None, b"a"), "93 10 C2 C4 01 62", Send(True, b"c"))
    bob.check(await all_heard(bob, b"c") == [b"a", b"b", b"c"], "Bob heard something else")
    ann.check(
        await all_heard(ann, b"c", "6 true") == [b"c"], "the sender heard what was for others"
    )


@book.case(6, keeps="6 0")
async def to_the_host(scene: Scene) -> None:
    """0 is whoever is host."""
    ann, bob = await scene.two()
    await bob.say(Send(0, b"to host"))
    await ann.expect(Deliver, payload=b"to host", sender=bob.me)
    await bob.hears_none(Deliver)


@book.case(6, keeps="6 1..2^32-1; 6.1; 6 players")
async def to_players(scene: Scene) -> None:
    """A number is that player, several are each of them once; one may name oneself."""
    ann, bob = await scene.two()
    cid = await scene.enter("Cid", role="spectator")
    await ann.say(Send(bob.me, b"b"), Send((cid.me, ann.me, cid.me), b"ca"), Send(ann.me, b"a"))
    ann.check(await all_heard(ann, b"a", "6.1") == [b"ca", b"a"], "Ann heard something else", "6.1")
    await ann.say(Send(True, b"end"))
    bob.check(await all_heard(bob, b"end") == [b"b", b"end"], "Bob heard something else")
    cid.check(await all_heard(cid, b"end") == [b"ca", b"end"], "not each once", "6 players")


@book.case(6, keeps="6 -1..-255; 16.1; 4 SUBSCRIBE; 4 groups")
async def to_a_group(scene: Scene) -> None:
    """-n is the subscribers of group n, the sender too; SUBSCRIBE adds, then removes."""
    ann, bob = await scene.two()
    await ann.say(Subscribe((255, 3)))
    await bob.say(Subscribe((3, 255), (3,)))
    await bob.fence()
    await ann.say(Send(-3, b"three"), Send(-255, b"many"), Send(True, b"end"))
    ann.check(await all_heard(ann, b"end") == [b"three", b"many", b"end"], "not the sender too")
    bob.check(await all_heard(bob, b"end") == [b"many", b"end"], "removed is not removed", "16.1")


@book.case(6, keeps="6.2; 7 NO_SUCH_PLAYER; 7; 5 error frame", breaks="6 players")
async def to_nobody(scene: Scene) -> None:
    """A number that nobody had is NO_SUCH_PLAYER, and nobody gets it; leavers are skipped."""
    ann, bob = await scene.two()
    cid = await scene.enter("Cid")
    await cid.say(Leave())
    await bob.expect(Left, player=cid.me)
    await ann.say(Send((bob.me, 99), b"no"), Send((bob.me, cid.me), b"yes"))
    error = await ann.refused(ErrorCode.NO_SUCH_PLAYER, "6.2", detail__frame=1)
    ann.check(error.seq > 0, "the refusal has no place in the order", "7")
    bob.check(await all_heard(bob, b"yes") == [b"yes"], "Bob got what was refused")


@book.case(6, keeps="6.3")
async def to_an_empty_room(scene: Scene) -> None:
    """A SEND that nobody hears takes its place in the order all the same."""
    ann = await scene.enter("Ann")
    await ann.say(Send(None, b"alone"), Send(True, b"a"))
    first = await ann.expect(Deliver, payload=b"a")
    await ann.say(Send(None, b"alone"), Send(True, b"b"))
    second = await ann.expect(Deliver, payload=b"b")
    ann.check(second.seq >= first.seq + 2, f"seqs are {first.seq} and {second.seq}")


# Section 7: errors.


@book.case(7, keeps="7.5; 7.3; 14.4; 4.3", breaks="6 players")
async def refused_sends_are_no_bad_frames(scene: Scene) -> None:
    """30 refused SENDs do not close the connection; 20 refused VOLATILEs do."""
    ann = await scene.enter("Ann")
    await ann.say(*[Send(99, b"")] * 30)
    for _ in range(30):
        await ann.refused(ErrorCode.NO_SUCH_PLAYER)
    await ann.fence("7.5")
    await ann.say(Volatile(1, 99, b""))
    await ann.refused(ErrorCode.NO_SUCH_PLAYER, "14.4", seq=0, detail__frame=None)
    await ann.say(*[Volatile(1, 99, b"")] * 19)
    await ann.ends(4500, "7.5")


@book.case(7, keeps="7; 12.3.3a; 12.4 ERROR R; 4 ERROR")
async def a_refusal_is_replayed(scene: Scene) -> None:
    """An ERROR about a counted frame is a fact: a resume tells it again."""
    ann = await scene.enter("Ann")
    position = (ann.epoch, ann.reached)
    await ann.say(Send(99, b""))
    error = await ann.refused(ErrorCode.NO_SUCH_PLAYER)
    await ann.drop()
    again = await scene.again(ann, position=position)
    await again.welcomed()
    await again.refused(ErrorCode.NO_SUCH_PLAYER, "7", seq=error.seq, detail__frame=1)
