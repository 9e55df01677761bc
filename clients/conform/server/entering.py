"""Sections 9 and 10: the conversation, and the order of refusals."""

from __future__ import annotations

from clients.conform.server.scene import LAG, Scene, a_seat, book
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Joined,
    Leave,
    Left,
    LeftReason,
    Ping,
    Property,
    RoomOptions,
    Send,
    Set,
    Taken,
)

# Section 9: the conversation.


@book.case(
    9,
    keeps="9.1a; 7 HELLO_EXPECTED; 9 NEW; 19 messages before WELCOME, beside HELLO",
    breaks="9.2a",
)
async def hello_comes_first(scene: Scene) -> None:
    """PING and SEND before HELLO are HELLO_EXPECTED, and HELLO is taken after them."""
    ann = await scene.connect()
    await ann.say(Ping(1))
    await ann.refused(ErrorCode.HELLO_EXPECTED, "9.1a", seq=0)
    await ann.say(Send(None, b"early"))
    await ann.refused(ErrorCode.HELLO_EXPECTED, "9.1a", seq=0)
    await ann.enter(name="Ann")


@book.case(9, keeps="9.2b; 13.1", breaks="9.2a")
async def what_comes_early_does_not_count(scene: Scene) -> None:
    """A SEND before HELLO is not counted."""
    ann = await scene.connect()
    await ann.say(Send(None, b"early"))
    await ann.refused(ErrorCode.HELLO_EXPECTED, "9.2b", detail__frame=None)
    await ann.enter(name="Ann")
    assert ann.welcome is not None
    ann.check(ann.welcome.session.taken == 0, "it was counted")


@book.case(9, keeps="9.1b; 7 UNEXPECTED; 9 LIVE", breaks="9.3")
async def hello_comes_once(scene: Scene) -> None:
    """A second HELLO is UNEXPECTED, and the connection lives."""
    ann = await scene.enter("Ann")
    await ann.hello(name="Ann")
    await ann.refused(ErrorCode.UNEXPECTED, "9.1b", seq=0)
    await ann.fence("9.1b")


@book.case(9, keeps="9.3; 1.1.6; 1.1.7; 1.1.8; 4 SEND; 4 DELIVER; 4 ACK R; 4.5; 4.2; 9 CATCHING_UP")
async def a_send_need_not_wait_for_live(scene: Scene) -> None:
    """A SEND right after WELCOME is taken as the first, and delivered after LIVE."""
    ann = await scene.connect()
    await ann.hello()
    welcome = await ann.welcomed()
    await ann.say(Send(True, b"hi"))
    await ann.live()
    deliver = await ann.expect(Deliver, "1.1.7", payload=b"hi", sender=ann.me)
    ann.check(deliver.seq > welcome.seq, "DELIVER has no place after WELCOME")
    taken = await ann.expect(Taken, "1.1.8")
    ann.check(taken.taken == 1, f"{taken.taken} are taken, not 1", "1.1.6")


@book.case(9, keeps="9.4; 8 4000; 19 time for HELLO; 8.3", breaks="9.1a", is_slow=True)
async def no_hello(scene: Scene) -> None:
    """Without HELLO the relay closes with 4000 after 5 s."""
    ann = await scene.connect()
    begin = scene.now
    ended = await ann.ends(4000, within=5 + LAG)
    ann.check(scene.now - begin > 4, "it was closed too soon", "9.4")
    ann.check(ended.reason == "no_hello", f"the reason is {ended.reason!r}", "8.3")


@book.case(9, keeps="9.4; 7.1; 8 4000", breaks="7 ROOM_GONE", is_slow=True)
async def no_hello_once_more(scene: Scene) -> None:
    """After ROOM_GONE the relay waits 5 s anew for HELLO, and then closes with 4000."""
    ann = await scene.connect()
    await scene.idle(1.5)
    await ann.hello(seat=a_seat(), position=(bytes(8), 3))
    await ann.refused(ErrorCode.ROOM_GONE, "10.4a")
    begin = scene.now
    await ann.ends(4000, within=5 + LAG)
    ann.check(scene.now - begin > 4, "it was closed too soon")


@book.case(9, keeps="9.5b; 8 1000; 9 OVER; 4 LEAVE; 11.4a; 4 LEFT LEFT; 4 LEFT")
async def leave_is_answered(scene: Scene) -> None:
    """LEAVE is answered with 1000, and the others hear LEFT, LEFT."""
    ann, bob = await scene.two()
    await bob.say(Leave())
    await bob.ends(1000, "9.5b")
    await ann.expect(Left, "11.4a", player=bob.me, reason=LeftReason.LEFT)


@book.case(9, keeps="9.5b; 11.4a; 8.4")
async def a_close_right_after_leave(scene: Scene) -> None:
    """Who closes right after LEAVE has left, and is not held."""
    ann, bob = await scene.two()
    await bob.say(Leave())
    await bob.socket.close()
    await ann.expect(Left, "9.5b", player=bob.me, reason=LeftReason.LEFT)


@book.case(9, keeps="9 GREETED", breaks="9.2a")
async def impatience_before_welcome(scene: Scene) -> None:
    """What follows HELLO at once is taken after WELCOME, or refused as UNEXPECTED."""
    ann = await scene.connect()
    await ann.hello()
    await ann.say(Ping(1))
    await ann.welcomed("9 GREETED")
    others = [each for each in ann.heard if isinstance(each, Error)]
    ann.check(all(each.code == ErrorCode.UNEXPECTED for each in others), f"{others}")


# Section 10: entering.


@book.case(
    10, keeps="10.1; 7 VERSION; 8 4501; 5 HELLO min; 5 error expected; 5 error got", breaks="4.1"
)
async def no_version_in_common(scene: Scene) -> None:
    """With no version in common the relay says VERSION, and closes with 4501."""
    ann = await scene.connect()
    await ann.hello(1000, min=999)
    error = await ann.refused(ErrorCode.VERSION, "10.1", seq=0)
    ann.check(bool(error.detail.expected), "`expected` names no range", "5 error expected")
    ann.check(bool(error.detail.got), "`got` names no range", "5 error got")
    await ann.ends(CloseCode.VERSION, "8 4501")


@book.case(10, keeps="10.1; 4 WELCOME")
async def the_highest_version_in_common(scene: Scene) -> None:
    """A client that speaks 1 to 1,000 is spoken to in the relay's highest version."""
    ann = await scene.connect()
    await ann.hello(1000, min=1)
    welcome = await ann.welcomed()
    ann.check(1 <= welcome.version <= 1000, f"version {welcome.version} was chosen")


@book.case(10, keeps="10.3; 7 FRAME_SIZE; 8 4510; 5 HELLO max_frame")
async def frames_may_be_longer_than_one_takes(scene: Scene) -> None:
    """A client that takes less than the room's frames and 16 bytes gets FRAME_SIZE."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    least = ann.welcome.session.limits.max_frame + 16
    bob = await scene.connect()
    await bob.hello(max_frame=least - 1)
    error = await bob.refused(ErrorCode.FRAME_SIZE, "10.3")
    bob.check(error.detail.limit == least, f"the limit is told as {error.detail.limit}")
    await bob.ends(CloseCode.FRAME_SIZE, "8 4510")
    await scene.enter("Cid", max_frame=least)


@book.case(10, keeps="10.4a; 7 ROOM_GONE; 7.1; 9 GREETED")
async def a_position_of_a_room_that_is_not_there(scene: Scene) -> None:
    """A position where there is no room is ROOM_GONE; HELLO without it creates the room."""
    ann = await scene.connect()
    await ann.hello(seat=a_seat(), position=(bytes(8), 3))
    await ann.refused(ErrorCode.ROOM_GONE, "10.4a", seq=0)
    await ann.enter(seat=a_seat())


@book.case(10, keeps="10.4b; 7 NO_SUCH_ROOM; 8 4507; 5 HELLO create; 7.3; 8.3")
async def create_is_false(scene: Scene) -> None:
    """With `create` false a room that is not there is NO_SUCH_ROOM."""
    ann = await scene.connect()
    await ann.hello(create=False)
    await ann.refused(ErrorCode.NO_SUCH_ROOM, "10.4b", seq=0)
    ended = await ann.ends(4507, "7.3")
    ann.check(ended.reason == "no_such_room", f"the reason is {ended.reason!r}", "8.3")


@book.case(
    10,
    keeps="10.4c; 5 session options; 5 room title; 5 room capacity; 5 room spectators; "
    "5 room hold; 5 room keep; 5 room history; 5 room write; 5 room host_keys; "
    "5 room host_away; 5 room bar; 5 room chaos; 5 room tags; 5b; 5 room public; 5 room app; "
    "5 room build; 5a",
)
async def the_room_is_made_as_asked(scene: Scene) -> None:
    """WELCOME tells every option that `create` gave, but the password; app is the creator's."""
    asked = RoomOptions(
        title="Chess", capacity=3, spectators=2, public=False, hold=7, keep=9, history="full",
        write="host", host_keys=("score",), host_away=5, bar="address", chaos=True,
        password="xyz", tags={"z": "1", "a": "2"},
    )  # fmt: skip
    ann = await scene.connect()
    await ann.hello(create=asked, app="chess", build="12")
    welcome = await ann.welcomed()
    told = welcome.session.options
    for name in (
        "title",
        "capacity",
        "spectators",
        "public",
        "hold",
        "keep",
        "history",
        "write",
        "host_keys",
        "host_away",
        "bar",
        "chaos",
    ):
        got, wanted = getattr(told, name), getattr(asked, name)
        ann.check(got == wanted, f"{name} is {got!r}, asked for was {wanted!r}", f"5 room {name}")
    ann.check(list(told.tags.items()) == [("z", "1"), ("a", "2")], f"tags are {told.tags}", "5b")
    ann.check(told.password == "", "the password is told", "5 room password")
    ann.check((told.app, told.build) == ("chess", "12"), f"{told.app!r} {told.build!r}", "5a")


@book.case(
    10, keeps="10.6; 7 OTHER_APP; 8 4509; 5 HELLO app; 5 HELLO build; 5 room app; 5 room build"
)
async def another_app(scene: Scene) -> None:
    """Another app or build is OTHER_APP, also where the password is wrong as well."""
    options = RoomOptions(app="chess", build="12", password="xyz")
    await scene.enter("Ann", create=options, app="chess", build="12", password="xyz")
    for app, build in (("go", "12"), ("chess", "13")):
        bob = await scene.connect()
        await bob.hello(app=app, build=build, password="wrong")
        await bob.refused(ErrorCode.OTHER_APP, "10.6")
        await bob.ends(CloseCode.OTHER_APP, "8 4509")


@book.case(10, keeps="10.6; 7 WRONG_PASSWORD; 8 4506; 5 HELLO password; 5 room password")
async def a_wrong_password(scene: Scene) -> None:
    """A wrong or missing password is WRONG_PASSWORD; the right one opens."""
    await scene.enter("Ann", create=RoomOptions(password="xyz"), password="xyz")
    for password in ("", "xy"):
        bob = await scene.connect()
        await bob.hello(password=password)
        await bob.refused(ErrorCode.WRONG_PASSWORD, "10.6")
        await bob.ends(CloseCode.WRONG_PASSWORD, "8 4506")
    await scene.enter("Cid", password="xyz")


@book.case(
    10,
    keeps="10.5; 11.1b; 10.8; 11.5b; 7 ROOM_FULL; 8 4504; 5 room capacity; 5 room spectators; "
    "5 HELLO role; 5 info role",
)
async def a_known_seat_passes(scene: Scene) -> None:
    """A full room is ROOM_FULL, apart for players and spectators; a known seat passes."""
    options = RoomOptions(capacity=1, spectators=1, password="xyz")
    ann = await scene.enter("Ann", create=options, password="xyz")
    bob = await scene.connect()
    await bob.hello(password="xyz")
    await bob.refused(ErrorCode.ROOM_FULL, "10.8")
    await bob.ends(CloseCode.ROOM_FULL, "8 4504")
    await scene.enter("Cid", role="spectator", password="xyz")
    await ann.expect(Joined, "5 info role", info__name="Cid", info__role="spectator")
    dora = await scene.connect()
    await dora.hello(password="xyz", role="spectator")
    await dora.refused(ErrorCode.ROOM_FULL, "10.8")
    await ann.drop()
    eve = await scene.connect()
    await eve.hello(password="xyz")
    await eve.refused(ErrorCode.ROOM_FULL, "11.5b")
    again = await scene.again(ann)
    welcome = await again.welcomed("10.5")
    again.check(welcome.player == ann.me, "the known secret got another seat", "11.1b")


@book.case(10, keeps="10.7; 7 EPOCH_CHANGED; 7.1; 12.3.4; 5 HELLO position")
async def a_position_of_another_life(scene: Scene) -> None:
    """A position of another epoch, or beyond the head, is EPOCH_CHANGED; HELLO follows at once."""
    ann = await scene.enter("Ann")
    await ann.drop()
    for position in ((bytes(8), 1), (ann.epoch, 10**6)):
        again = await scene.again(ann, position=position)
        await again.refused(ErrorCode.EPOCH_CHANGED, "10.7", seq=0)
        await again.hello(seat=ann.seat)
        welcome = await again.welcomed("7.1")
        again.check(not welcome.session.resumed, "a refused resume resumed", "12.3.4")
        await again.live()


@book.case(10, keeps="10.8; 7 LOCKED; 8 4505; 5 room locked; 16.5; 10b")
async def a_locked_room(scene: Scene) -> None:
    """@locked keeps newcomers out with LOCKED, and lets known seats in."""
    ann, bob = await scene.two()
    await ann.say(Set(0, "@locked", b"\xc3"))
    await bob.expect(Property, "16.5", key="@locked", value=b"\xc3")
    cid = await scene.connect()
    await cid.hello()
    await cid.refused(ErrorCode.LOCKED, "10.8")
    await cid.ends(CloseCode.LOCKED, "8 4505")
    await bob.drop()
    again = await scene.again(bob)
    await again.welcomed("10.5")


@book.case(10, keeps="10c; 5 room keep", is_slow=True)
async def a_room_is_kept_and_goes(scene: Scene) -> None:
    """A room without anyone is kept for `keep` seconds, with its epoch, and then it is gone."""
    options = RoomOptions(keep=2, hold=0)
    ann = await scene.enter("Ann", create=options)
    await ann.say(Leave())
    await ann.ends(1000)
    bob = await scene.enter("Bob")
    bob.check(bob.epoch == ann.epoch, "the room went at once")
    await bob.say(Leave())
    await bob.ends(1000)
    await scene.idle(2 + LAG)
    cid = await scene.enter("Cid")
    cid.check(cid.epoch != ann.epoch, "the room was still there after `keep`")


@book.case(10, keeps="20.2; 5 session ignored; 5c; 5", breaks="20.3")
async def unknown_options(scene: Scene) -> None:
    """Options that the relay does not know are ignored, and named in `ignored`."""
    ann = await scene.connect()
    # HELLO with {"zoom": 1, "create": {"fog": true}}.
    await ann.say("93 01 01 82 A4 7A 6F 6F 6D 01 A6 63 72 65 61 74 65 81 A3 66 6F 67 C3")
    welcome = await ann.welcomed("20.2")
    ignored = set(welcome.session.ignored)
    ann.check(ignored == {"zoom", "create.fog"}, f"`ignored` is {ignored}", "5c")
