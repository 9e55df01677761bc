"""Section 2: the upgrade, the subprotocol, fragments, and what is no binary message."""

from __future__ import annotations

import asyncio
from typing import TypeGuard
from urllib.parse import urlsplit

from websockets.exceptions import InvalidStatus

from clients.conform.case import Breach, NotApplicable
from clients.conform.server.scene import Scene, book
from protocol import SUBPROTOCOL
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Frame,
    Hello,
    Joined,
    Notice,
    NoticeKind,
    RoomOptions,
    Send,
)

FRAGMENTS = 64


@book.case(2, keeps="2.1b; 2.1a")
async def a_query_string_means_nothing(scene: Scene) -> None:
    """The relay ignores a query string."""
    ann = await scene.enter("Ann")
    bob = await scene.connect(query="?seat=1&room=OTHER")
    await bob.enter(name="Bob")
    bob.check(bob.epoch == ann.epoch, "a query string led to another room")


@book.case(2, keeps="2.9.1; 2.9.2; 4 NOTICE SHAPED; 5 notice said; 5 room chaos", breaks="2.1b")
async def a_url_asks_for_a_bad_network(scene: Scene) -> None:
    """A URL with `chaos` is heard in a room with that option, and in no other."""
    ann = await scene.connect(query="?chaos=lan&seed=7")
    await ann.enter(name="Ann", create=RoomOptions(chaos=True))
    assert ann.welcome is not None
    if "create.chaos" in ann.welcome.session.ignored:
        raise NotApplicable("this relay makes no network worse")
    said = [each.detail.said for each in ann.heard if _is_shaped(each)]
    ann.check(bool(said), "no NOTICE SHAPED came", "2.9.1")
    ann.check(bool(said and said[0]), "it does not say what holds", "5 notice said")
    bob = await scene.connect(query="?chaos=lan&seed=7", room="OTHER")
    await bob.enter(name="Bob", create=RoomOptions(title="calm"))
    bob.check(not any(map(_is_shaped, bob.heard)), "a room without the option heard it", "2.9.2")


def _is_shaped(frame: Frame) -> TypeGuard[Notice]:
    return isinstance(frame, Notice) and frame.kind == NoticeKind.SHAPED


@book.case(2, keeps="2.2a; 5 session room")
async def case_does_not_matter(scene: Scene) -> None:
    """A room's name may be written in any case, and WELCOME has it in capitals."""
    ann = await scene.enter("Ann")
    bob = await scene.enter("Bob", room=scene.room.lower())
    bob.check(bob.epoch == ann.epoch, "small letters led to another room")
    assert bob.welcome is not None
    bob.check(bob.welcome.session.room == scene.room, f"{bob.welcome.session.room} in WELCOME")


@book.case(2, keeps="2.2b; 2.8; 7 NO_SUCH_ROOM; 8 4507; 10.2", breaks="2.2a")
async def an_impossible_name(scene: Scene) -> None:
    """A name that no room can have is NO_SUCH_ROOM, told after the upgrade."""
    for name in ("A" * 33, "A.B", "%C3%A4"):
        ann = await scene.connect(name)
        await ann.hello()
        await ann.refused(ErrorCode.NO_SUCH_ROOM, "2.2b", seq=0)
        await ann.ends(4507, "8 4507")


@book.case(2, keeps="2.3b; 2.4")
async def the_subprotocol_is_selected(scene: Scene) -> None:
    """The relay selects roomwire.1 among several, and no extension."""
    ann = await scene.connect(offers=("chat", SUBPROTOCOL))
    socket = ann.socket
    got = getattr(socket, "subprotocol", None)
    ann.check(got == SUBPROTOCOL, f"the relay selected {got}", "2.3b")


@book.case(2, keeps="2.3c")
async def no_subprotocol_is_offered(scene: Scene) -> None:
    """A client that offers no subprotocol is served."""
    ann = await scene.connect(offers=())
    await ann.enter(name="Ann")


@book.case(2, keeps="2.3d", breaks="2.3a")
async def only_others_are_offered(scene: Scene) -> None:
    """A client that offers only other subprotocols is served without one."""
    ann = await scene.connect(offers=("chat",))
    got = getattr(ann.socket, "subprotocol", None)
    ann.check(got is None, f"the relay selected {got}")
    await ann.enter(name="Ann")


@book.case(2, keeps="2.4")
async def nothing_is_compressed(scene: Scene) -> None:
    """The relay agrees to no extension that a client offers."""
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    ann = await scene.connect(additional_headers=offer)
    response = getattr(ann.socket, "response", None)
    answer = response.headers.get("Sec-WebSocket-Extensions") if response else None
    ann.check(answer is None, f"the relay agreed to {answer}")
    await ann.enter(name="Ann")


@book.case(2, keeps="2.5b; 19 the same, for the transport")
async def fragments_are_one_message(scene: Scene) -> None:
    """HELLO in a byte a fragment, and SEND in 64 of them, are taken."""
    ann = await scene.connect()
    await ann.socket.send([bytes([each]) for each in encode(Hello(1))])
    await ann.welcomed("2.5b")
    await ann.live()
    message = encode(Send(True, bytes(FRAGMENTS)))
    # The library ends a message with an empty fragment of its own.
    cut = [message[at : at + 1] for at in range(FRAGMENTS - 2)]
    await ann.socket.send([*cut, message[FRAGMENTS - 2 :]])
    await ann.expect(Deliver, "2.5b", payload=bytes(FRAGMENTS))


@book.case(2, keeps="2.5c; 8 1009", breaks="2.5b")
async def too_many_fragments(scene: Scene) -> None:
    """Of more than 64 fragments the relay makes a message, or closes with 1009."""
    ann = await scene.enter("Ann")
    message = encode(Send(True, bytes(2 * FRAGMENTS)))
    try:
        await ann.socket.send([message[at : at + 1] for at in range(len(message))])
        await ann.expect(Deliver, "2.5c", payload=bytes(2 * FRAGMENTS))
    except Breach as breach:
        if ann.socket.close_code != 1009:
            raise breach


@book.case(2, keeps="2.5d; 8 1003", breaks="2.5a")
async def a_text_message(scene: Scene) -> None:
    """The relay closes with 1003 upon a text message."""
    ann = await scene.enter("Ann")
    await ann.socket.send("\x93\x10")
    await ann.ends(1003)


@book.case(2, keeps="2.6a")
async def the_relays_own_origin(scene: Scene) -> None:
    """The relay's own host is served as an origin."""
    parts = urlsplit(scene.base)
    scheme = "https" if parts.scheme == "wss" else "http"
    ann = await scene.connect(origin=f"{scheme}://{parts.netloc}")
    await ann.enter(name="Ann")


@book.case(2, keeps="2.6b", breaks="2.6a")
async def another_origin(scene: Scene) -> None:
    """Another origin gets HTTP 403 instead of an upgrade."""
    try:
        ann = await scene.connect(origin="https://somebody.example")
    except InvalidStatus as refused:
        status = refused.response.status_code
        if status != 403:
            raise Breach("2.6b", f"HTTP {status} instead of 403") from None
    else:
        raise ann.breach("2.6b", "a page of https://somebody.example was let in")


@book.case(2, keeps="2.7", breaks="2.1a")
async def a_dropped_upgrade(scene: Scene) -> None:
    """A request whose upgrade a proxy has dropped gets HTTP 426 and plain text."""
    parts = urlsplit(scene.base)
    if parts.scheme != "ws":
        raise NotApplicable("the relay is behind TLS")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    head = f"GET /r/{scene.room} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    writer.write(f"{head}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    async with asyncio.timeout(scene.patience):
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    writer.close()
    if " 426 " not in answer.splitlines()[0] or "content-type: text/plain" not in answer:
        raise Breach("2.7", f"the answer was {answer.splitlines()[0]}")


@book.case(2, keeps="2.5a; 4 WELCOME; 4 JOINED; 4 LIVE; 1.1.3; 1.1.4; 23.1; 4 HELLO")
async def four_bytes_open_the_door(scene: Scene) -> None:
    """`93 01 01 80` is answered with WELCOME, the room as it stands, and LIVE."""
    ann = await scene.connect()
    await ann.say("93 01 01 80")
    welcome = await ann.welcomed("4 WELCOME")
    await ann.expect(Joined, "1.1.3", player=welcome.player)
    await ann.live("1.1.4")


@book.case(2, keeps="22.6", breaks="2.5a")
async def an_empty_message(scene: Scene) -> None:
    """An empty message is TRUNCATED, and the connection lives."""
    ann = await scene.enter("Ann")
    await ann.say(b"")
    await ann.refused(ErrorCode.TRUNCATED, "22.6", seq=0)
    await ann.fence("22.6")
