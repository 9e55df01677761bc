"""Who may come to the door, and how many places there are."""

from __future__ import annotations

import pytest

from relay.policy.config import Settings
from relay.server import gate
from relay.server.gate import PROBES, Gate


class Waiting:
    """A connection that says nothing."""

    def __init__(self) -> None:
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True


def test_an_address_may_have_so_many_visitors() -> None:
    door = Gate(Settings(connections_per_address=2))
    assert [door.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert door.enter("192.0.2.2")
    door.leave("192.0.2.1")
    assert door.enter("192.0.2.1")


@pytest.mark.parametrize("is_limited", [True, False])
def test_loopback_is_limited_only_if_that_is_wanted(is_limited: bool) -> None:
    door = Gate(Settings(connections_per_address=1, requests_burst=1, limit_loopback=is_limited))
    assert door.enter("127.0.0.1")
    assert door.enter("127.0.0.1") is not is_limited
    assert door.ask("127.0.0.1", 0.0) == 0
    assert bool(door.ask("127.0.0.1", 0.0)) is is_limited


def test_a_trusted_proxy_may_come_as_often_as_it_likes() -> None:
    door = Gate(Settings(connections_per_address=1, trusted_proxies=("192.0.2.0/24",)))
    assert all(door.arrive("192.0.2.1") for _ in range(3))
    assert [door.arrive("198.51.100.1") for _ in range(2)] == [True, False]
    assert [door.enter("192.0.2.2") for _ in range(2)] == [True, False]  # not who it speaks for


def test_an_ipv6_site_is_many_addresses_and_not_endless_ones() -> None:
    door = Gate(Settings(connections_per_address=2, ipv6_site_factor=3, requests_burst=2))
    entered = [door.enter(f"2001:db8:0:{number:x}::1") for number in range(8)]
    assert entered == [True] * 6 + [False] * 2
    door.leave("2001:db8:0:0::1")
    assert door.enter("2001:db8:0:9::1")
    assert door.enter("2001:db8:1::1")
    asked = [door.ask(f"2001:db8:0:{number:x}::1", 0.0) == 0 for number in range(8)]
    assert asked == [True] * 6 + [False] * 2


def test_requests_come_back_with_time() -> None:
    door = Gate(Settings(requests_per_second=2, requests_burst=1))
    assert door.ask("192.0.2.1", 0.0) == 0
    assert door.ask("192.0.2.1", 0.0) == pytest.approx(0.5)
    assert door.ask("192.0.2.2", 0.0) == 0
    assert door.ask("192.0.2.1", 0.5) == 0


def test_the_longest_silent_makes_room() -> None:
    door = Gate(Settings())
    extras = [Waiting() for _ in range(PROBES + 1)]
    door.squeeze_in(extras[0])
    door.squeeze_in(extras[1])
    door.spoke(extras[0])
    for extra in extras[2:]:
        door.squeeze_in(extra)
    assert not any(extra.is_cut for extra in extras)
    door.squeeze_in(Waiting())
    assert [extra.is_cut for extra in extras] == [False, True, *[False] * (PROBES - 1)]


@pytest.mark.parametrize("files", [1024, 200, 20])
def test_there_are_no_more_places_than_files(
    files: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gate, "_open_files", lambda wanted: files)
    places = Gate(Settings(max_connections=1000)).places
    assert 1 <= places < max(files - PROBES, 2)
    assert f"room for {places} connections at a time, not 1000" in caplog.text


def test_places_are_for_players_and_for_pages() -> None:
    assert Gate(Settings(max_connections=10)).places == 10 + gate.PAGES
