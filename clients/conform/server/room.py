"""Sections 14, 15 and 16: volatile values, presence, host, kick, and properties."""

from __future__ import annotations

from clients.conform.server.scene import Scene, a_seat, book
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Host,
    Kick,
    Leave,
    Left,
    LeftReason,
    Pong,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Send,
    Set,
    Transfer,
    Update,
    Volatile,
)

SPECTATOR = {"role": "spectator"}


# Section 14: volatile values.


@book.case(14, keeps="14.1; 4 VOLATILE; 4 UPDATE; 13.1")
async def a_volatile_value(scene: Scene) -> None:
    """VOLATILE reaches the others as UPDATE, and is not counted."""
    ann, bob = await scene.two()
    await ann.say(Volatile(255, None, b"v"))
    await bob.expect(Update, key=255, sender=ann.me, payload=b"v")
    await ann.fence()
    pong = ann.heard[-1]
    ann.check(isinstance(pong, Pong) and pong.taken == 0, "it was counted", "14.1")


@book.case(14, keeps="14.2; 12.2.5")
async def values_are_kept_until_left(scene: Scene) -> None:
    """The newest value for all is told after LIVE; a personal one is not, nor one of a leaver."""
    ann, bob = await scene.two()
    await bob.say(Volatile(1, None, b"gone"), Leave())
    await ann.expect(Left, player=bob.me)
    await ann.say(
        Volatile(1, None, b"old"), Volatile(2, ann.me, b"mine"), Volatile(1, True, b"new")
    )
    await ann.fence()
    cid = await scene.enter("Cid")
    told = [each for each in await cid.fence() if isinstance(each, Update)]
    values = [(each.key, each.sender, each.payload) for each in told]
    cid.check(values == [(1, ann.me, b"new")], f"{values} were told")


@book.case(14, keeps="14.2; 19 volatile values kept of a sender")
async def too_many_values(scene: Scene) -> None:
    """More than 64 KiB of a sender's values are passed on, and not kept."""
    ann, bob = await scene.two()
    for key in range(6):
        await ann.say(Volatile(key, None, bytes(15_000)))
        await bob.expect(Update, key=key)
    cid = await scene.enter("Cid")
    kept = sum(len(each.payload) for each in await cid.fence() if isinstance(each, Update))
    cid.check(45_000 <= kept <= 65_536, f"{kept} bytes are kept")


# Section 15: presence, host and kick.


@book.case(15, keeps="15.1; 4 PRESENCE C; 4 PRESENCE AWAY; 4 PRESENCE HERE; 15.2b")
async def only_changes_are_told(scene: Scene) -> None:
    """AWAY said twice is told once; a spectator may say it too."""
    ann, _ = await scene.two()
    cid = await scene.enter("Cid", **SPECTATOR)
    await cid.say(*[Presence(PresenceState.AWAY)] * 2, Presence(PresenceState.HERE))
    for state in (PresenceState.AWAY, PresenceState.HERE):
        await ann.expect(PresenceChanged, player=cid.me, state=state)
    await ann.hears_none(PresenceChanged)


@book.case(15, keeps="15.3a; 15.3b; 4 HOST; 5 HELLO can_host")
async def who_is_host(scene: Scene) -> None:
    """The first who can be host is host in term 1, not spectators or who cannot be."""
    await scene.enter("Ann", **SPECTATOR)
    bob = await scene.enter("Bob", can_host=False)
    hosts = [each for each in bob.stream if isinstance(each, Host)]
    bob.check(all(each.player == 0 for each in hosts), f"{hosts}", "15.3b")
    cid = await scene.enter("Cid")
    await bob.expect(Host, "15.3a", player=cid.me, term=1)


@book.case(15, keeps="15.4; 15.3a")
async def the_host_leaves(scene: Scene) -> None:
    """When the host leaves, the lowest number that is HERE follows, in the next term."""
    ann, bob = await scene.two()
    cid = await scene.enter("Cid")
    await bob.say(Presence(PresenceState.AWAY))
    await cid.expect(PresenceChanged, player=bob.me)
    await ann.say(Leave())
    await cid.expect(Host, player=cid.me, term=2)


@book.case(15, keeps="15.4; 11.5a", is_slow=True)
async def the_host_is_lost(scene: Scene) -> None:
    """A host who is LOST for 2 s is followed; one who returns does not get the role back."""
    ann, bob = await scene.two()
    begin = scene.now
    await ann.drop()
    await bob.expect(Host, within=2 + 2, player=bob.me, term=2)
    bob.check(scene.now - begin > 1.8, "the host lost the role before 2 s", "11.5a")
    again = await scene.again(ann)
    await again.welcomed()
    await again.live()
    await bob.hears_none(Host)


@book.case(15, keeps="15.5; 5 room host_away", is_slow=True)
async def the_host_is_away(scene: Scene) -> None:
    """With `host_away` a host who is AWAY for so long gives way."""
    ann, bob = await scene.two(host_away=1)
    await ann.say(Presence(PresenceState.AWAY))
    await bob.expect(Host, within=1 + 2, player=bob.me, term=2)


@book.case(15, keeps="15.6; 4 TRANSFER; 7 NOT_HERE")
async def transfer(scene: Scene) -> None:
    """TRANSFER makes another player host; spectators and the AWAY are NOT_HERE."""
    ann, bob = await scene.two()
    cid = await scene.enter("Cid", **SPECTATOR)
    await ann.say(Transfer(cid.me))
    error = await ann.refused(ErrorCode.NOT_HERE, "15.6")
    ann.check(bool(error.detail.expected and error.detail.got), "it says not what was wrong")
    await bob.say(Presence(PresenceState.AWAY))
    await ann.expect(PresenceChanged, player=bob.me)
    await ann.say(Transfer(bob.me))
    await ann.refused(ErrorCode.NOT_HERE, "15.6")
    await bob.say(Presence(PresenceState.HERE))
    await ann.expect(PresenceChanged, player=bob.me)
    await ann.say(Transfer(bob.me))
    await cid.expect(Host, player=bob.me, term=2)


@book.case(15, keeps="15.7; 4 KICK; 4.8; 8 4503; 7 KICKED; 4 LEFT KICKED; 8.3; 11.4a; 10.8")
async def kick(scene: Scene) -> None:
    """KICK: LEFT, KICKED for all; 4503 with the reason; the secret stays out."""
    ann, bob = await scene.two()
    await ann.say(Kick(bob.me, "be kind"))
    ended = await bob.ends(4503)
    bob.check(ended.reason == "be kind", f"the reason is {ended.reason!r}", "8.3")
    await ann.expect(Left, player=bob.me, reason=LeftReason.KICKED)
    again = await scene.again(bob)
    await again.refused(ErrorCode.KICKED, "10.8", seq=0)
    await again.ends(4503)
    await scene.enter("Cid")


@book.case(15, keeps="15.8.3; 5 room bar")
async def loopback_is_never_barred(scene: Scene) -> None:
    """With `bar` "address" somebody else of an exempt loopback address may still enter."""
    scene.needs_loopback()
    ann, bob = await scene.two(bar="address")
    await ann.say(Kick(bob.me))
    await bob.ends(4503)
    await scene.enter("Cid")


@book.case(15, keeps="15.7; 7 NOT_AVAILABLE", breaks="4.8")
async def a_host_cannot_kick_themselves(scene: Scene) -> None:
    """A host who kicks themselves gets NOT_AVAILABLE."""
    ann, _ = await scene.two()
    await ann.say(Kick(ann.me))
    await ann.refused(ErrorCode.NOT_AVAILABLE, "15.7")


@book.case(15, keeps="15.9; 7 NOT_HOST; 7 READ_ONLY; 14.4; 7", breaks="4.8")
async def who_may_not(scene: Scene) -> None:
    """KICK and TRANSFER of a guest are NOT_HOST; a spectator's frames are READ_ONLY."""
    ann, bob = await scene.two()
    cid = await scene.enter("Cid", **SPECTATOR)
    await bob.say(Kick(ann.me), Transfer(bob.me))
    for frame in (1, 2):
        await bob.refused(ErrorCode.NOT_HOST, "15.9", detail__frame=frame)
    await cid.say(Send(None, b""), Set(0, "k", b"\xc0"))
    for frame in (1, 2):
        await cid.refused(ErrorCode.READ_ONLY, "15.9", detail__frame=frame)
    await cid.say(Volatile(1, None, b""))
    await cid.refused(ErrorCode.READ_ONLY, "14.4", seq=0, detail__frame=None)


@book.case(15, keeps="7 NO_SUCH_PLAYER", breaks="4 TRANSFER; 4 KICK")
async def transfer_to_nobody(scene: Scene) -> None:
    """TRANSFER and KICK of a number that nobody had are NO_SUCH_PLAYER."""
    ann, _ = await scene.two()
    await ann.say(Transfer(99), Kick(99))
    for frame in (1, 2):
        await ann.refused(ErrorCode.NO_SUCH_PLAYER, detail__frame=frame)


# Section 16: properties.


@book.case(16, keeps="16.2; 16.3; 4 SET; 4 PROPERTY; 4.9; 7 STALE_VERSION")
async def set_and_compare(scene: Scene) -> None:
    """SET is told to everyone; its version is its seq; another `expected` is STALE_VERSION."""
    ann, bob = await scene.two()
    await ann.say(Set(0, "k", b"\x01", 0))
    told = await ann.expect(Property, scope=0, key="k", value=b"\x01", by=ann.me)
    ann.check(told.version == told.seq, f"version {told.version} at seq {told.seq}", "16.2")
    await bob.expect(Property, key="k")
    await bob.say(Set(0, "k", b"\x02", told.version))
    second = await ann.expect(Property, key="k", value=b"\x02", by=bob.me)
    await bob.say(Set(0, "k", b"\x03", told.version))
    error = await bob.refused(ErrorCode.STALE_VERSION, "16.3")
    bob.check(str(second.version) in (error.detail.expected or ""), "`expected` lacks the version")
    await ann.hears_none(Property, "16.3")


@book.case(16, keeps="16.3; 4.9")
async def delete(scene: Scene) -> None:
    """Value false deletes; deleting what does not exist is quiet."""
    ann, bob = await scene.two()
    await ann.say(Set(0, "k", b"\x01"), Set(0, "k", False), Set(0, "k", False))
    await bob.expect(Property, value=b"\x01")
    await bob.expect(Property, key="k", value=False)
    await ann.fence()
    await bob.hears_none(Property)
    cid = await scene.enter("Cid")
    cid.check(not any(isinstance(each, Property) for each in cid.stream), "it is told yet")


@book.case(16, keeps="16.4; 7 NOT_YOURS; 7 NO_SUCH_PLAYER")
async def whose_property(scene: Scene) -> None:
    """A player's properties are theirs and the host's; others are NOT_YOURS."""
    ann, bob = await scene.two()
    await bob.say(Set(ann.me, "k", b"\x01"), Set(99, "k", b"\x01"), Set(bob.me, "k", b"\x01"))
    await bob.refused(ErrorCode.NOT_YOURS, "16.4", detail__frame=1)
    await bob.refused(ErrorCode.NO_SUCH_PLAYER, "16.4", detail__frame=2)
    await ann.expect(Property, scope=bob.me, by=bob.me)
    await ann.say(Set(bob.me, "k", b"\x02"))
    await bob.expect(Property, scope=bob.me, by=bob.me)
    await bob.expect(Property, scope=bob.me, by=ann.me, value=b"\x02")


@book.case(16, keeps="16.4; 5 room write; 5 room host_keys; 7 NOT_HOST")
async def what_is_the_hosts(scene: Scene) -> None:
    """With `write` "host", and for `host_keys` in every scope, the host alone may write."""
    ann, bob = await scene.two(write="host", host_keys=("score",))
    await bob.say(Set(0, "k", b"\x01"), Set(bob.me, "score", b"\x01"), Set(bob.me, "k", b"\x01"))
    for frame in (1, 2):
        await bob.refused(ErrorCode.NOT_HOST, "16.4", detail__frame=frame)
    await bob.expect(Property, scope=bob.me, key="k")
    await ann.say(Set(0, "k", b"\x02"), Set(bob.me, "score", b"\x02"))
    await bob.expect(Property, scope=0, key="k", by=ann.me)
    await bob.expect(Property, scope=bob.me, key="score", by=ann.me)


@book.case(16, keeps="16.5; 7 NOT_AVAILABLE; 7 NOT_HOST; 10b", breaks="16.4")
async def the_relays_own_keys(scene: Scene) -> None:
    """Keys with @ are the host's; unknown ones and deleting are NOT_AVAILABLE, others judged."""
    ann, bob = await scene.two()
    await bob.say(Set(0, "@locked", b"\xc3"))
    await bob.refused(ErrorCode.NOT_HOST, "16.5")
    await ann.say(Set(0, "@nothing", b"\xc3"), Set(0, "@locked", False))
    for _ in range(2):
        await ann.refused(ErrorCode.NOT_AVAILABLE, "16.5")
    await ann.say(Set(0, "@locked", b"\x01"), Set(0, "@capacity", b"\x00"))
    await ann.refused(ErrorCode.WRONG_TYPE, "16.5")
    await ann.refused(ErrorCode.OUT_OF_RANGE, "16.5")
    await ann.say(Set(0, "@capacity", b"\x02"))
    await ann.expect(Property, "16.5", key="@capacity", value=b"\x02")
    cid = await scene.connect()
    await cid.hello(seat=a_seat())
    await cid.refused(ErrorCode.ROOM_FULL, "10b")


@book.case(16, keeps="16.6; 19 properties of a scope; 7 NO_ROOM_LEFT", is_slow=True)
async def a_scope_is_full(scene: Scene) -> None:
    """A scope takes 256 properties, and 64 KiB; more is NO_ROOM_LEFT."""
    ann, bob = await scene.two()
    for n in range(256):
        await ann.say(Set(0, f"k{n}", b"\xc0"))
        await ann.expect(Property, key=f"k{n}")
        await scene.idle(0.01)  # SPEC 19: 120 frames a second
    await ann.say(Set(0, "more", b"\xc0"))
    await ann.refused(ErrorCode.NO_ROOM_LEFT, "16.6", within=5)
    await bob.say(*(Set(bob.me, f"b{n}", bytes(15_000)) for n in range(5)))
    await bob.refused(ErrorCode.NO_ROOM_LEFT, "16.6", within=5, detail__frame=5)


@book.case(16, keeps="16.4")
async def properties_end_with_left(scene: Scene) -> None:
    """A player's properties end with their LEFT."""
    ann, bob = await scene.two()
    await bob.say(Set(bob.me, "k", b"\x01"), Leave())
    await ann.expect(Property, scope=bob.me)
    await ann.expect(Left, player=bob.me)
    cid = await scene.enter("Cid")
    cid.check(not any(isinstance(each, Property) for each in cid.stream), "it outlived the player")
    await ann.say(Set(bob.me, "k", b"\x01"))
    await ann.refused(ErrorCode.NO_SUCH_PLAYER, "16.4")
