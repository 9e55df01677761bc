"""Operators act in a room through any node of a cluster, and see players of all nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from protocol.close_codes import CloseCode
from protocol.frames import Error, Host, Kick, Left, LeftReason, Notice, NoticeKind, Property, Send
from relay.cluster.log_broker import LogBroker
from tests.helpers.cluster.wire import parties
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import Party, new_seat, until

Three = list[tuple[Party, LogBroker]]


@pytest.fixture
async def three() -> AsyncIterator[Three]:
    async with parties(3) as found:
        yield found


@pytest.fixture
async def operator(three: Three) -> AsyncIterator[Operator]:
    """Asks the third node, at which nobody plays."""
    at, _ = three[2]
    async with operator_at(at.url, at.token) as operator:
        yield operator


async def test_players_of_all_nodes_are_shown(three: Three, operator: Operator) -> None:
    (here, _), (there, _), _ = three
    await here.enters("R", name="Ann")
    bob = await there.enters("R", name="Bob")
    bob.says(Kick(1))
    await bob.hears(Error)
    players = await operator.players("r")
    assert [(each["name"], each["node"]) for each in players.values()] == [
        ("Ann", "n0"),
        ("Bob", "n1"),
    ]
    assert players[2]["refusals"][0]["code"] == "NOT_HOST"
    assert players[1]["outbox"]["mode"] == "flowing"


async def test_all_replicas_act_alike(three: Three, operator: Operator) -> None:
    (here, first), (there, second), (_, third) = three
    ann, bob = await here.enters("R"), await there.enters("R", seat=new_seat())
    await operator.asks("PUT", "/R/host", {"player": 2})
    await operator.asks("PATCH", "/R", {"locked": True})
    await operator.asks("POST", "/R/say", {"text": "hello"})
    for each in (ann, bob):
        assert (await each.hears(Host, lambda host: host.player == 2)).term == 2
        assert (await each.hears(Property)).key == "@locked"
        assert (await each.hears(Notice)).kind == NoticeKind.OPERATOR
    await operator.asks("POST", "/R/players/2/kick", {"reason": "enough"})
    assert (await bob.ends()) == (CloseCode.KICKED, "enough")
    assert (await ann.hears(Left)).reason == LeftReason.KICKED
    ann.says(Send(None, b"after"))
    await ann.catches_up()
    replicas = [broker.replicas["R"] for broker in (first, second, third)]
    await until(lambda: len({replica.digest for replica in replicas}) == 1)
    await operator.asks("PUT", "/R/host", {"player": 2}, status=404)


async def test_a_room_is_closed_everywhere(three: Three, operator: Operator) -> None:
    (here, _), (there, _), _ = three
    ann, bob = await here.enters("R"), await there.enters("R")
    await operator.asks("DELETE", "/R")
    for each in (ann, bob):
        assert (await each.ends())[0] == CloseCode.KICKED
    await operator.asks("DELETE", "/R", status=404)
    assert (await there.enters("R")).me == 1


async def test_the_last_close_is_known_wherever_it_was(three: Three, operator: Operator) -> None:
    (here, _), (there, _), _ = three
    await here.enters("R")
    bob = await there.enters("R")
    bob.raw.write(b"\x81\x80" + bytes(4))  # a text message
    await bob.ends()
    why = await operator.why("R", 2)
    assert next(iter(why)) == "has_left"
    assert "TEXT_REFUSED" in why["last_close"]["what"]


async def test_who_did_not_get_in_elsewhere_is_known(three: Three, operator: Operator) -> None:
    (here, _), (there, _), _ = three
    ann, bob = await here.connects("R"), await there.connects("r")
    for peer in (ann, bob):
        peer.says(b"\x93\x01\x01")
        await peer.hears(Error)
    for path in ("/R", ""):
        told = (await operator.http.get(f"/api{path and '/rooms'}{path}/why")).json()
        assert not told["is_there"]
        found = [(each["node"], each["room"], each["code"]) for each in told["rejected"]]
        assert sorted(found) == [("n0", "R", "TRUNCATED"), ("n1", "R", "TRUNCATED")]
        assert [each["reason"] for each in told["reasons"]] == ["rejected", "rejected"]


async def test_in_a_room_of_older_rules_nobody_operates(three: Three, operator: Operator) -> None:
    (here, _), _, (_, third) = three
    ann = await here.enters("R")
    await operator.players("R")
    replica = third.replicas["R"]
    assert replica.create is not None
    object.__setattr__(replica.create, "rules", 1)
    refused = await operator.asks("POST", "/R/say", {"text": "hi"}, status=409)
    assert "older relay" in refused["detail"]
    assert await ann.catches_up() == []
