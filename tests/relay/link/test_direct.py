"""The link without a detour: what is its own, beside what every link does."""

from __future__ import annotations

from functools import partial

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.frames import Deliver, Send
from relay.link.direct import CONTROLS_BURST, MAX_PIECES, DirectLink
from relay.room.entries import Entry
from tests.helpers.peers import Party, Peer, party, until
from tests.helpers.raw import BINARY, CONTINUATION, PING, frame


def link_of(at: Party, peer: Peer) -> DirectLink:
    """Return the relay's end of a connection."""
    (link,) = (
        connection.link
        for connection in at.node.connections.values()
        if connection.seat is not None and connection.seat.player == peer.me
    )
    assert isinstance(link, DirectLink)
    return link


# In.


async def test_it_is_the_same_how_messages_are_cut_into_reads() -> None:
    messages = [b"%d" % number * size for number, size in enumerate((1, 100, 200, 5_000) * 5)]
    stream = b"".join(frame(BINARY, encode(Send(True, message))) for message in messages)
    async with party(is_portable=False, profile="bench") as at:
        for size in (len(stream), 4096, 997, 7):
            peer = await at.enters("R")
            for begin in range(0, len(stream), size):
                await peer.raw.send_raw(stream[begin : begin + size])
            while len(peer.payloads) < len(messages):
                await peer.hears(Deliver)
            assert peer.payloads == messages


async def test_a_message_comes_in_so_many_pieces_and_no_more() -> None:
    whole = encode(Send(True, bytes(MAX_PIECES)))
    async with party(is_portable=False) as at:
        for pieces in (MAX_PIECES, MAX_PIECES + 1):
            peer = await at.enters("R")
            await peer.raw.send_raw(frame(BINARY, whole[:1], is_last=False))
            for at_byte in range(1, pieces - 1):
                piece = whole[at_byte : at_byte + 1]
                await peer.raw.send_raw(frame(CONTINUATION, piece, is_last=False))
            await peer.raw.send_raw(frame(CONTINUATION, whole[pieces - 1 :]))
            if pieces == MAX_PIECES:
                assert (await peer.hears(Deliver)).payload == bytes(MAX_PIECES)
            else:
                assert (await peer.ends())[0] == CloseCode.TOO_BIG


async def test_who_pings_without_end_is_let_go() -> None:
    async with party(is_portable=False) as at:
        modest, eager = await at.enters("R"), await at.enters("R")
        for peer, many in ((modest, CONTROLS_BURST // 2), (eager, 3 * CONTROLS_BURST)):
            await peer.raw.send_raw(frame(PING, b"") * int(many))
        assert await eager.ends() == (CloseCode.TOO_FAST, "too_fast")
        await modest.catches_up()


# Out.


async def test_what_a_room_tells_goes_to_the_socket_of_who_is_to_hear_it() -> None:
    async with party(is_portable=False) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        await ann.catches_up()
        links = [link_of(at, peer) for peer in (ann, bob)]
        await until(lambda: all(link.outbox.is_flowing for link in links))
        for link in links:
            socket = link.transport.get_extra_info("socket")
            assert isinstance(link.outbox.outlet.try_write, partial)
            assert link.outbox.outlet.try_write.args == (socket.fileno(),)
        ann.says(Send(None, b"for bob"))
        assert (await bob.hears(Deliver)).payload == b"for bob"
        assert await ann.catches_up() == []


async def test_nothing_flows_to_who_is_gone_while_the_room_learns_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flowing: list[bool] = []

    async with party(is_portable=False) as at:
        bob = await at.enters("R")
        [connection] = at.node.connections.values()
        await until(lambda: connection.link.outbox.is_flowing)
        append = at.node.append

        def note(room: str, entry: Entry) -> None:
            flowing.append(connection.link.outbox.is_flowing)
            append(room, entry)

        monkeypatch.setattr(at.node, "append", note)
        bob.raw.reset()
        await until(lambda: flowing)
        assert flowing == [False]  # or it might go to the next client, by his descriptor
