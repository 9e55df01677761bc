"""What every broker does, whatever carries its entries."""

from collections.abc import Callable

import pytest

from protocol.frames import RoomOptions
from relay.broker import Broker
from relay.broker.memory import MemoryBroker
from relay.room.entries import Create, Detach, Entry, Retire
from relay.room.room import Room
from tests.helpers.playbook import EPOCH

Applied = list[tuple[str, Entry]]


@pytest.fixture(params=[MemoryBroker])
def broker(request: pytest.FixtureRequest) -> Broker:
    make: Callable[[], Broker] = request.param
    return make()


def follow(broker: Broker) -> Applied:
    """Follow, and return what was and will be applied."""
    applied: Applied = []
    broker.follow(lambda room, entry: applied.append((room, entry)))
    return applied


def test_entries_are_applied_in_the_order_of_the_proposals(broker: Broker) -> None:
    applied = follow(broker)
    proposals = [("A", Detach(1)), ("B", Detach(2)), ("A", Detach(3))]
    for room, entry in proposals:
        broker.append(room, entry)
    assert applied == proposals


def test_every_follower_gets_every_entry(broker: Broker) -> None:
    first, second = follow(broker), follow(broker)
    broker.append("A", Detach(1))
    assert first == second == [("A", Detach(1))]


def test_without_a_follower_nothing_happens(broker: Broker) -> None:
    broker.append("A", Detach(1))
    applied = follow(broker)
    broker.append("A", Detach(2))
    assert applied == [("A", Detach(2))]


def test_what_is_proposed_while_applying_comes_after_for_all_followers(broker: Broker) -> None:
    def propose_more(room: str, entry: Entry) -> None:
        if isinstance(entry, Detach):
            broker.append("A", Retire(entry.attachment))
            broker.append("B", Retire(entry.attachment))

    broker.follow(propose_more)
    applied = follow(broker)
    broker.append("A", Detach(1))
    broker.append("A", Detach(2))
    assert applied == [
        ("A", Detach(1)),
        ("A", Retire(1)),
        ("B", Retire(1)),
        ("A", Detach(2)),
        ("A", Retire(2)),
        ("B", Retire(2)),
    ]


def test_an_entry_that_cannot_be_applied_takes_none_of_the_others_with_it(broker: Broker) -> None:
    def fail(room: str, entry: Entry) -> None:
        if isinstance(entry, Detach):
            broker.append("A", Retire(entry.attachment))
            raise ArithmeticError

    applied = follow(broker)
    broker.follow(fail)
    with pytest.raises(ArithmeticError):
        broker.append("A", Detach(1))
    broker.append("A", Retire(2))
    assert applied == [("A", Detach(1)), ("A", Retire(1)), ("A", Retire(2))]


class Keeps:
    """A node that keeps rooms."""

    def __init__(self) -> None:
        self.made: dict[str, Create] = {}

    def make(self, create: Create) -> None:
        self.made[create.name] = create

    def room(self, name: str) -> Room | None:
        create = self.made.get(name)
        return Room(name, create.epoch, create.options) if create is not None else None

    def adopt(self, room: Room, create: Create) -> None:
        raise NotImplementedError

    def lose(self, name: str) -> None:
        raise NotImplementedError

    def overwhelmed(self, attachment: int) -> None:
        raise NotImplementedError

    def stalled(self, name: str, is_stalled: bool) -> None:
        raise NotImplementedError

    def fenced(self) -> None:
        raise NotImplementedError


async def test_the_first_to_make_a_room_of_a_name_makes_it(broker: Broker) -> None:
    keeper = Keeps()
    broker.keep(keeper)
    first, second = (
        Create("A", epoch, RoomOptions(), "", 4096, 9, 9) for epoch in (EPOCH, b"8" * 8)
    )
    await broker.attach("A")
    await broker.create(first)
    await broker.create(second)
    assert keeper.made == {"A": first}
    broker.release("A")


def test_no_two_connections_have_one_number(broker: Broker) -> None:
    numbers = [broker.next_attachment() for _ in range(3)]
    broker.skip_attachments(numbers[-1] + 5)
    numbers += [broker.next_attachment() for _ in range(3)]
    assert len(set(numbers)) == 6
    assert numbers[3] > numbers[2] + 5
    assert all(map(broker.is_ours, numbers))
