"""What Prometheus reads of a relay."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from protocol.frames import Presence, PresenceState, RoomOptions, Send
from tests.helpers.peers import Party, new_seat, party, until

Samples = dict[str, float]
"""By name, with the labels' values behind it."""


async def read(at: Party) -> Samples:
    async with httpx.AsyncClient() as http:
        response = await http.get(f"{at.url}/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(response.text)


def samples(text: str) -> Samples:
    """Parse metrics by the library's own parser, which raises for what is none."""
    families = list(text_string_to_metric_families(text))
    found = [sample for family in families for sample in family.samples]
    return {" ".join((each.name, *each.labels.values())): each.value for each in found}


async def test_connections_rooms_and_seats_are_counted() -> None:
    async with party() as at:
        nothing = await read(at)
        ann = await at.enters("R", create=RoomOptions(spectators=1))
        await at.enters("R", role="spectator")
        bob = await at.enters("R", seat=new_seat())
        await at.enters("S")
        await at.connects("T")
        ann.says(Presence(PresenceState.AWAY))
        bob.raw.abort()
        await until(lambda: len(at.node.connections) == 4)
        await ann.catches_up()
        found = await read(at)
    for name in ("connections", "connects_total", "rooms", "seats here player", "draining"):
        assert nothing[f"roomwire_{name}"] == 0
    assert found["roomwire_connections"] == 4
    assert found["roomwire_connects_total"] == 5
    assert found["roomwire_rooms"] == 2
    assert found["roomwire_seats here player"] == 1
    assert found["roomwire_seats away player"] == 1
    assert found["roomwire_seats lost player"] == 1
    assert found["roomwire_seats lagging player"] == 0
    assert found["roomwire_seats here spectator"] == 1


async def test_memory_is_counted_by_what_it_is_for() -> None:
    async with party() as at:
        ann = await at.enters("R")
        before = await read(at)
        ann.says(Send(None, b"x" * 5000))
        await ann.catches_up()
        after = await read(at)
    grown = after["roomwire_memory_bytes history"] - before["roomwire_memory_bytes history"]
    assert 5000 <= grown < 5100
    assert before["roomwire_memory_bytes rooms"] > 1000
    assert before["roomwire_memory_bytes seats"] > 500
    assert after["roomwire_memory_bytes facts"] == before["roomwire_memory_bytes facts"] > 0
    assert after["roomwire_memory_max_bytes"] > 1 << 24


async def test_a_relay_that_goes_down_says_so() -> None:
    async with party() as at:
        await at.node.drain(0)
        assert (await read(at))["roomwire_draining"] == 1


async def test_the_process_is_measured_where_the_system_tells() -> None:
    async with party() as at:
        found = await read(at)
    assert found["process_resident_memory_bytes"] > 1 << 20
    assert found["process_open_fds"] > 3


async def test_two_relays_of_one_process_are_counted_apart() -> None:
    async with party() as at, party() as other:
        await at.enters("R")
        assert (await read(at))["roomwire_rooms"] == 1
        assert (await read(other))["roomwire_rooms"] == 0
