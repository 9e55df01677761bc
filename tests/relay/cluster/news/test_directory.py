"""All nodes list the same rooms once it is quiet, whatever happened and was lost before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.frames import Kick, PlayerInfo, RoomOptions, Set, Transfer
from relay.cluster.news.board import Board
from relay.cluster.news.directory import AT_ONCE, look_at, pack, unpack
from relay.cluster.news.together import TELL_SECONDS
from relay.room.entries import Ask, Evict, Join
from relay.room.room import Room
from tests.helpers.cluster.directories import Relay, news_of

NAMES = [f"ROOM-{number}" for number in range(4)]
SOON = 2 * TELL_SECONDS


@pytest.fixture
def relay() -> Relay:
    return Relay()


# What happens to a room. Each says nothing if it cannot.


def joins(relay: Relay, name: str, role: str) -> None:
    if (room := relay.room(name)) is not None:
        info = PlayerInfo(name=f"{role} {room.joins}", role="player")
        if role == "spectator":
            info = PlayerInfo(name="S", role="spectator")
        attachment = room.joins + 1
        room.apply(Join(attachment, b"key %d" % attachment, info, network=b"net %d" % attachment))


def leaves(relay: Relay, name: str) -> None:
    if (room := relay.room(name)) is not None and room.seats.attached:
        room.apply(Evict(min(room.seats.attached)))


def host_asks(relay: Relay, name: str, frame: Kick | Transfer | Set) -> None:
    if (room := relay.room(name)) is not None and room.host:
        room.apply(Ask(room.seats[room.host].attachment, frame))


def passes(relay: Relay, name: str) -> None:
    if (room := relay.room(name)) is not None:
        host_asks(relay, name, Transfer(room.joins))


def kicks(relay: Relay, name: str) -> None:
    if (room := relay.room(name)) is not None:
        host_asks(relay, name, Kick(room.joins))


def locks(relay: Relay, name: str, value: bytes) -> None:
    host_asks(relay, name, Set(0, "@locked", value, expected=False))


@dataclass(frozen=True)
class Act:
    """Something that happens, to be shown if it is part of a failure."""

    what: str
    run: Callable[[Relay], object]

    def __repr__(self) -> str:
        return self.what


def act(what: str, call: Callable[..., object], *args: Any) -> Act:
    return Act(f"{what}{args}", partial(_call, call, args))


def _call(call: Callable[..., object], args: tuple[Any, ...], relay: Relay) -> None:
    relay.do(lambda: call(relay, *args))


names = st.sampled_from(NAMES)
which = st.integers(0, 3)
options = st.builds(
    RoomOptions,
    title=st.sampled_from(("", "Títle")),
    app=st.sampled_from(("", "snake")),
    tags=st.sampled_from(({}, {"mode": "ctf"})),
    public=st.booleans(),
    bar=st.sampled_from(("seat", "address")),
)
makes = st.builds(
    partial(act, "make", Relay.make), which, names, options, st.sampled_from(("", "$"))
)
of_rooms = [
    makes,
    st.builds(partial(act, "share", Relay.share), which, names),
    st.builds(partial(act, "joins", joins), names, st.sampled_from(("player", "spectator"))),
    st.builds(partial(act, "joins", joins), names, st.just("player")),
    st.builds(partial(act, "leaves", leaves), names),
    st.builds(partial(act, "passes", passes), names),
    st.builds(partial(act, "kicks", kicks), names),
    st.builds(partial(act, "locks", locks), names, st.sampled_from((b"\xc3", b"\xc2"))),
    st.builds(partial(act, "remove", Relay.remove), which, names),
]
of_nodes = [
    st.builds(lambda: Act("begin", Relay.begin)),
    st.builds(lambda number: Act(f"kill {number}", lambda r: r.kill(number)), which),
]
of_the_net = [
    st.builds(
        lambda loss: Act(f"lose {loss}", lambda r: setattr(r.net, "loss", loss)),
        st.sampled_from((0.0, 0.3, 1.0)),
    ),
    st.builds(
        lambda time: Act(f"wait {time}", lambda r: r.world.run(time)),
        st.sampled_from((0.01, 0.25, 3.0)),
    ),
]
acts = st.one_of(of_rooms * 2 + of_nodes + of_the_net * 2)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(makes, min_size=3, max_size=6),
    st.lists(acts, min_size=20, max_size=50),
    st.integers(0, 2**16),
)
def test_all_lists_are_equal_once_it_is_quiet(
    made: list[Act], happens: list[Act], seed: int
) -> None:
    relay = Relay(seed)
    for each in [*made, *happens]:
        each.run(relay)
    relay.net.loss = 0.0
    relay.check()


def test_of_several_nodes_with_a_room_the_first_is_believed(relay: Relay) -> None:
    relay.begin()
    for number in range(2):
        room = Room("A", bytes(8), RoomOptions(title=f"of {number}"))
        relay.do(partial(relay.node(1 - number).add, room))
    relay.world.run(1.0)
    assert relay.node(2).listed() == relay.node(0).listed()


def test_a_change_is_known_elsewhere_soon(relay: Relay) -> None:
    relay.world.run(1.0)
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    relay.world.run(SOON)
    assert relay.node(1).listed() == relay.truth() != {}
    relay.do(lambda: joins(relay, "A", "player"))
    relay.world.run(SOON)
    assert relay.node(1).elsewhere.players == 1
    relay.do(lambda: relay.remove(0, "A"))
    relay.world.run(SOON)
    assert relay.node(1).listed() == {}


def test_a_new_room_is_known_elsewhere_at_once(relay: Relay) -> None:
    relay.world.run(1.1)
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    relay.world.run(0.01)
    assert relay.node(1).listed() == relay.truth() != {}


def test_what_a_dead_node_told_is_forgotten_soon(relay: Relay) -> None:
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    relay.world.run(1.0)
    relay.kill(0)
    relay.world.run(SOON)
    assert relay.node(0).listed() == {}
    assert len(relay.node(0).elsewhere) == 0


def test_where_a_node_has_the_room_its_own_word_counts(relay: Relay) -> None:
    relay.do(lambda: relay.make(0, "A", RoomOptions(title="theirs"), ""))
    relay.world.run(1.0)
    here = relay.node(1)
    own = Room("A", bytes(8), RoomOptions(title="ours"))
    relay.do(lambda: here.add(own))
    relay.world.run(1.0)
    assert here.listed() == {"A": news_of(own)}
    relay.do(lambda: here.remove("A"))
    assert here.listed() == relay.truth()


def test_a_node_that_is_new_hears_of_everything(relay: Relay) -> None:
    many = 3 * AT_ONCE
    relay.do(partial(relay.make_many, many))
    relay.world.run(1.0)
    relay.begin()
    relay.world.run(1.0)
    assert len(relay.node(2).listed()) == many


def test_a_copy_in_the_making_misses_no_change(relay: Relay) -> None:
    relay.do(partial(relay.make_many, 1000))
    relay.world.run(1.22)  # nodes tell at 1.25
    relay.begin()
    relay.world.run(0.015)
    assert len(relay.node(2).elsewhere) == 0  # some pages are still to come
    relay.do(lambda: joins(relay, "R0", "player"))
    relay.world.run(0.6)  # no digest comes in this time
    assert relay.node(2).elsewhere.players == 1


@pytest.mark.parametrize(
    "change",
    [
        partial(joins, role="player"),
        partial(joins, role="spectator"),
        leaves,
        passes,
        kicks,
        partial(locks, value=b"\xc3"),
    ],
)
def test_every_change_is_seen(relay: Relay, change: Callable[[Relay, str], None]) -> None:
    relay.do(lambda: relay.make(0, "A", RoomOptions(spectators=1), ""))
    for _ in range(2):
        joins(relay, "A", "player")
    room = relay.room("A")
    assert room is not None
    before = look_at(room), news_of(room)
    change(relay, "A")
    assert news_of(room) != before[1]
    assert look_at(room) != before[0]


def test_that_somebody_was_there_is_seen(relay: Relay) -> None:
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    room = relay.room("A")
    assert room is not None
    before = look_at(room)
    joins(relay, "A", "player")
    leaves(relay, "A")
    assert look_at(room) != before


def test_a_relay_in_which_nothing_happens_says_little(relay: Relay) -> None:
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    relay.world.run(10.0)
    before = relay.net.messages
    relay.world.run(20.0)
    assert relay.net.messages - before == 20  # one digest of each node every two seconds


def test_without_digests_a_lost_message_stays_lost(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "_wants", lambda *_: False)
    relay.world.run(1.0)
    relay.net.loss = 1.0
    relay.do(lambda: relay.make(0, "A", RoomOptions(), ""))
    relay.world.run(1.0)
    relay.net.loss = 0.0
    with pytest.raises(AssertionError):
        relay.check()


def test_what_is_told_of_a_room_comes_as_it_was_told() -> None:
    room = Room("A", bytes(8), RoomOptions(tags={"mode": "ctf"}, bar="address"))
    room.barred.add(b"hash")
    told = unpack("A", pack(room))
    assert told is not None
    assert news_of(told) == news_of(room)


@pytest.mark.parametrize(
    "told", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\x97\x80\x00\x00\x00\x00\x00\x00"]
)
def test_what_cannot_be_read_tells_of_no_room(told: bytes) -> None:
    assert unpack("A", told) is None
