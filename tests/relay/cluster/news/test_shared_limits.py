"""What an address has and spends at one node counts at all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgpack
import pytest

from relay.cluster.local_bus import LocalBus, LocalNet
from relay.cluster.news.shared_limits import SPENT, SharedLimits
from relay.policy.rate_limits import AddressBuckets, AddressCounts

ANN, BOB = "192.0.2.1", "192.0.2.2"
SITE = ("2001:db8:1:1::1", "2001:db8:1:2::1")
MOST = 3
RATE, BURST = 1.0, 5


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Node:
    """Limits of one node."""

    def __init__(self, net: LocalNet, name: str, clock: Clock) -> None:
        self.bus = LocalBus(net, name)
        self.counts = AddressCounts(MOST, site_factor=1.5)
        self.steady = AddressCounts(MOST)
        self.buckets = AddressBuckets(RATE, BURST)
        self.total = 0
        self.others = 0
        self.shared = SharedLimits(self.bus, clock)
        self.shared.share_counts("players", self.counts)
        self.shared.share_steady("visitors", self.steady)
        self.shared.share_buckets("joins", self.buckets)
        self.shared.share_total("connections", lambda: self.total, self.hear)

    def hear(self, others: int) -> None:
        self.others = others

    async def mend(self) -> None:
        await self.shared.board.mend()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def net() -> LocalNet:
    return LocalNet()


@pytest.fixture
async def nodes(net: LocalNet, clock: Clock) -> list[Node]:
    nodes = [Node(net, f"node-{number}", clock) for number in range(3)]
    await tell(nodes)
    return nodes


async def tell(nodes: list[Node]) -> None:
    """Let all nodes tell what is new, and hear it."""
    for node in nodes:
        node.shared.look()
        node.shared.tell_spent()
        node.shared.board.tell()
    await asyncio.sleep(0)
    await asyncio.gather(*(node.mend() for node in nodes))


async def test_what_an_address_has_is_counted_over_all_nodes(nodes: list[Node]) -> None:
    for node in nodes:
        assert node.counts.add(ANN)
    await tell(nodes)
    assert [node.counts.add(ANN) for node in nodes] == [False] * 3
    assert all(node.counts.add(BOB) for node in nodes[:1])
    nodes[0].counts.remove(ANN)
    await tell(nodes)
    assert nodes[2].counts.add(ANN)


async def test_the_networks_of_a_site_count_together(nodes: list[Node]) -> None:
    for node, address in zip(nodes[:2], SITE, strict=True):
        assert node.counts.add(address)
        assert node.counts.add(address)
    await tell(nodes)  # 2 of each /64, which may have 3, and 4 of the /48, which may have 4.5
    assert nodes[2].counts.add(SITE[0])
    await tell(nodes)
    assert [node.counts.add(SITE[1]) for node in nodes] == [False] * 3


async def test_an_address_gets_at_most_its_limit_at_each_node(nodes: list[Node]) -> None:
    many = [sum(node.counts.add(ANN) for _ in range(10)) for node in nodes]
    assert many == [MOST] * len(nodes)
    await tell(nodes)
    for node in nodes[1:]:
        for _ in range(MOST):
            node.counts.remove(ANN)
        await tell(nodes)
        assert not nodes[0].counts.add(ANN)


async def test_numbers_are_summed(nodes: list[Node]) -> None:
    nodes[0].total, nodes[1].total = 5, 7
    await tell(nodes)
    assert [node.others for node in nodes] == [7, 5, 12]


async def test_what_a_dead_node_had_counts_no_more(net: LocalNet, nodes: list[Node]) -> None:
    nodes[2].total = 9
    for _ in range(MOST):
        nodes[2].counts.add(ANN)
    await tell(nodes)
    assert not nodes[0].counts.add(ANN)
    net.leave(nodes[2].bus.name)
    await tell(nodes[:2])
    assert nodes[0].counts.add(ANN)
    assert nodes[0].others == 0


async def test_what_does_not_stay_is_not_told(nodes: list[Node]) -> None:
    for _ in range(2):
        nodes[0].steady.add(ANN)
    await tell(nodes)
    assert nodes[1].steady.total(ANN) == 0
    nodes[0].steady.remove(ANN)
    await tell(nodes)
    assert nodes[1].steady.total(ANN) == 1
    nodes[0].steady.add(BOB)
    await tell(nodes)
    await tell(nodes)
    assert nodes[1].steady.total(BOB) == 1
    nodes[0].steady.remove(ANN)
    await tell(nodes)
    assert nodes[1].steady.total(ANN) == 0


async def test_what_was_spent_in_excess_is_paid_off_everywhere(
    nodes: list[Node], clock: Clock
) -> None:
    spent = sum(not node.buckets.ask(ANN, clock.now) for node in nodes for _ in range(10))
    assert spent == BURST * len(nodes)  # the most that one address gets in excess of its share
    await tell(nodes)
    for node in nodes:
        wait = node.buckets.ask(ANN, clock.now)
        assert wait == (BURST * (len(nodes) - 1) + 1) / RATE
        assert node.buckets.ask(BOB, clock.now) == 0.0
    clock.now = BURST * (len(nodes) - 1) + 1
    assert nodes[0].buckets.ask(ANN, clock.now) == 0.0
    await tell(nodes)
    assert nodes[1].buckets.ask(ANN, clock.now) == pytest.approx(1 / RATE)


async def test_what_is_given_back_counts_nowhere(nodes: list[Node], clock: Clock) -> None:
    for _ in range(BURST):
        nodes[0].buckets.ask(ANN, clock.now, about="ROOM")
        nodes[0].buckets.give_back(ANN, clock.now, about="ROOM")
    await tell(nodes)
    for _ in range(BURST):
        assert nodes[1].buckets.ask(ANN, clock.now, about="ROOM") == 0.0


async def test_what_is_spent_on_one_thing_is_left_for_others(
    nodes: list[Node], clock: Clock
) -> None:
    for _ in range(BURST):
        nodes[0].buckets.ask(ANN, clock.now, about="ROOM")
    await tell(nodes)
    assert nodes[1].buckets.ask(ANN, clock.now, about="ROOM") > 0
    assert nodes[1].buckets.ask(ANN, clock.now, about="OTHER") == 0.0


async def test_nothing_is_said_when_nothing_was_spent(nodes: list[Node]) -> None:
    heard: list[bytes] = []
    nodes[1].bus.subscribe(SPENT, lambda _, data: heard.append(data))
    await tell(nodes)
    assert not heard


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x01", msgpack.packb([[1, 2]]), msgpack.packb([["joins", "x", "", "y"]])],
)
async def test_what_cannot_be_read_is_passed_over(
    nodes: list[Node], clock: Clock, data: bytes
) -> None:
    for subject in (SPENT, "counts"):
        nodes[0].bus.publish(subject, data)
    nodes[0].shared.board.put("players 192.0.2.1", b"\xc1")
    await tell(nodes)
    assert nodes[1].buckets.ask(ANN, clock.now) == 0.0
    assert nodes[1].counts.total(ANN) == 0
