"""Section 11: seats."""

from __future__ import annotations

from clients.conform.server.scene import LAG, Scene, a_seat, book
from protocol.frames import (
    Deliver,
    Error,
    Host,
    Joined,
    Left,
    LeftReason,
    PresenceChanged,
    PresenceState,
    Property,
    Send,
    Set,
    Subscribe,
    Volatile,
)

# Section 11: seats.


@book.case(11, keeps="11.1c; 4 LEFT GONE; 8.4")
async def a_seat_without_secret(scene: Scene) -> None:
    """Without a secret the seat ends with its connection: LEFT, GONE."""
    ann = await scene.enter("Ann")
    bob = await scene.enter("Bob", seat=None)
    await bob.drop()
    await ann.expect(Left, player=bob.me, reason=LeftReason.GONE)


@book.case(11, keeps="11.2a; 8 4502; 8.3")
async def the_newest_hello_wins(scene: Scene) -> None:
    """A second connection with the secret takes the seat; the first is closed with 4502."""
    ann, bob = await scene.two()
    again = await scene.again(bob)
    ended = await bob.ends(4502)
    bob.check(ended.reason == "replaced", f"the reason is {ended.reason!r}", "8.3")
    welcome = await again.welcomed()
    again.check(welcome.player == bob.me, "the seat has another number")
    await ann.hears_none(Left, "11.2a")


@book.case(11, keeps="11.3a; 4 LEFT EXPIRED; 5 room hold; 4 PRESENCE LOST; 15.1; 8.4", is_slow=True)
async def a_seat_is_held(scene: Scene) -> None:
    """A lost seat is LOST, and after `hold` seconds LEFT, EXPIRED."""
    ann, bob = await scene.two(hold=1)
    await bob.drop()
    await ann.expect(PresenceChanged, "15.1", player=bob.me, state=PresenceState.LOST)
    begin = scene.now
    await ann.expect(Left, within=1 + LAG, player=bob.me, reason=LeftReason.EXPIRED)
    ann.check(scene.now - begin > 0.8, "the seat was not held for its time")


@book.case(11, keeps="11.3b; 12.3.2", is_slow=True)
async def a_welcome_that_nobody_acknowledged(scene: Scene) -> None:
    """A seat that never acknowledged WELCOME is held for 5 s, not longer."""
    ann = await scene.enter("Ann")
    bob = await scene.connect()
    await bob.hello(seat=a_seat())
    await bob.welcomed()
    await bob.drop()
    await ann.expect(Left, within=5 + LAG, player=bob.me, reason=LeftReason.EXPIRED)


@book.case(11, keeps="12.3.2", is_slow=True)
async def a_counted_frame_acknowledges(scene: Scene) -> None:
    """A counted frame acknowledges WELCOME: the seat is held for longer than 5 s."""
    ann = await scene.enter("Ann")
    bob = await scene.connect()
    await bob.hello(seat=a_seat())
    await bob.welcomed()
    await bob.say(Send(None, b"here"))
    await ann.expect(Deliver, payload=b"here")
    await bob.drop()
    await scene.idle(5 + LAG / 2)
    await ann.hears_none(Left)


@book.case(11, keeps="11.4b; 8 4500; 7.5; 19 bad frames; 4 LEFT LEFT", breaks="3.1.1")
async def twenty_bad_frames(scene: Scene) -> None:
    """20 bad frames within 10 s are closed with 4500, and the seat is given up."""
    ann, bob = await scene.two()
    await bob.say(*["C0 C0"] * 20)
    await bob.ends(4500, "7.5")
    errors = sum(isinstance(each, Error) for each in bob.heard)
    bob.check(errors >= 19, f"only {errors} of 20 bad frames were answered", "22.6")
    await ann.expect(Left, "11.4b", player=bob.me, reason=LeftReason.LEFT)


@book.case(
    11,
    keeps="11.5a; 16.1; 13.2; 5 HELLO seat; 5 session epoch; 5 session taken; 11.7; "
    "15.1; 4 PRESENCE HERE",
)
async def what_a_held_seat_keeps(scene: Scene) -> None:
    """A seat that is taken up again has its number, count, groups and properties."""
    ann, bob = await scene.two()
    await bob.say(Subscribe((7,)), Set(bob.me, "hat", b"\x01"), Volatile(3, None, b"v"))
    await ann.expect(Property, "4.9", scope=bob.me, key="hat")
    await bob.drop()
    await ann.expect(PresenceChanged, state=PresenceState.LOST)
    again = await scene.again(bob)
    welcome = await again.welcomed()
    again.check(welcome.player == bob.me, "its number is another one")
    again.check(welcome.session.epoch == bob.epoch, "the epoch is new", "5 session epoch")
    again.check(welcome.session.taken == 2, f"taken is {welcome.session.taken}", "11.7")
    await again.live()
    kept = [each.key for each in again.stream if isinstance(each, Property)]
    again.check(kept == ["hat"], f"its properties are {kept}")
    await ann.expect(PresenceChanged, "15.1", player=bob.me, state=PresenceState.HERE)
    await ann.say(Send(-7, b"to seven"))
    await again.expect(Deliver, "16.1", payload=b"to seven")


@book.case(11, keeps="11.6; 5 HELLO name; 5 HELLO can_host; 5 info can_host", breaks="21.7")
async def later_names_are_ignored(scene: Scene) -> None:
    """Name, role and `can_host` stay those of the first HELLO."""
    ann = await scene.enter("Ann", can_host=False)
    await ann.drop()
    again = await scene.again(ann, name="Zed", role="spectator")
    await again.welcomed()
    await again.expect(Joined, info__name="Ann", info__role="player", info__can_host=False)


@book.case(11, keeps="11.7; 12.2.1; 12.2.2", breaks="12.3.1a")
async def a_reloaded_page(scene: Scene) -> None:
    """A known seat without position gets a fresh stream, and its own JOINED in it."""
    ann, bob = await scene.two()
    await ann.say(Send(None, b"one"))
    await ann.fence()
    await ann.drop()
    again = await scene.again(ann)
    welcome = await again.welcomed()
    again.check(not welcome.session.resumed and welcome.seq == 0, "it is no fresh stream")
    again.check(welcome.session.taken == 1, f"taken is {welcome.session.taken}")
    await again.live()
    joined = [each.player for each in again.stream if isinstance(each, Joined)]
    again.check(joined == [ann.me, bob.me], f"JOINED of {joined}", "12.2.2")
    seqs = [each.seq for each in again.stream if isinstance(each, Joined | Host)]
    again.check(seqs == sorted(set(seqs)), f"seqs are {seqs}", "12.2.2")
