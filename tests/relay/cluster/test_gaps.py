"""What becomes of volatile values where nodes lose sight of each other, and no connection ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from protocol.frames import Joined, Update, Volatile
from relay.cluster.gaps import TICKS
from relay.cluster.local_bus import LocalNet
from relay.cluster.log_broker import LogBroker
from relay.cluster.values import SUBJECT
from tests.helpers.cluster.wire import parties_on
from tests.helpers.peers import Party, Peer, until

LOST = (SUBJECT.encode(), TICKS.encode())


class LossyNet(LocalNet):
    """Loses messages about values while it is apart, as servers do that have lost each other."""

    def __init__(self) -> None:
        super().__init__()
        self.is_apart = False
        self.lost = b""
        self.ticks: Counter[str] = Counter()
        """Ticks that came, by the node that they were for."""

    def carry(self, node: str, message: bytes) -> None:
        if self.is_apart and any(subject in message for subject in LOST):
            self.lost += message
            return
        super().carry(node, message)
        if TICKS.encode() in message:
            self.ticks[node] += 1

    async def loses(self, subject: str) -> None:
        """Wait until a message about a subject is lost."""
        await until(lambda: subject.encode() in self.lost)


@pytest.fixture
def net() -> LossyNet:
    return LossyNet()


@pytest.fixture
async def two(net: LossyNet) -> AsyncIterator[list[tuple[Party, LogBroker]]]:
    async with parties_on(net, 2) as found:
        yield found


async def a_value_is_lost(net: LossyNet, here: Party, there: Party) -> tuple[Peer, Peer]:
    """Let a player tell an old value, and a new one that nobody at the other node hears."""
    ann, bob = await here.enters("R"), await there.enters("R")
    await ann.hears(Joined, lambda joined: joined.player == bob.me)
    ann.says(Volatile(1, None, b"old"))
    assert (await bob.hears(Update)).payload == b"old"
    # The first may come before its node listens.
    await until(lambda: len(net.ticks) == 2 and min(net.ticks.values()) > 1)
    net.is_apart = True
    ann.says(Volatile(1, None, b"new"))
    await net.loses(SUBJECT + "R")
    return ann, bob


async def test_a_value_that_was_lost_is_told_once_the_nodes_hear_each_other(
    net: LossyNet, two: list[tuple[Party, LogBroker]]
) -> None:
    (here, _), (there, _) = two
    _, bob = await a_value_is_lost(net, here, there)
    net.lost = b""
    await net.loses(TICKS)
    net.is_apart = False
    assert (await bob.hears(Update)).payload == b"new"


async def test_who_comes_to_a_node_that_hears_nothing_of_another_is_told_no_stale_value(
    net: LossyNet, two: list[tuple[Party, LogBroker]]
) -> None:
    (here, _), (there, _) = two
    ann, _ = await a_value_is_lost(net, here, there)
    await until(lambda: not list(there.room("R").audience.retained.of(ann.me)))
    late = await there.enters("R")
    await late.catches_up()
    assert late.all(Update) == []
    net.is_apart = False
    assert (await late.hears(Update)).payload == b"new"
