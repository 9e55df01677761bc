"""Buckets against a model so simple that it is plainly right."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import Frame, Send, Set, Subscribe, Volatile
from relay.policy import rate_limits
from relay.policy.rate_limits import (
    SWEEP_AT,
    AddressBuckets,
    AddressLimits,
    TokenBucket,
    is_loopback,
    network_of,
    networks_of,
    surcharge,
)

STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 400), st.integers(0, 64)), min_size=1, max_size=60
)


class Model:
    """Tokens as exact fractions, filled anew before each step."""

    def __init__(self, rate: int, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.at = Fraction(burst), Fraction(0)

    def step(self, asks: bool, amount: int, now: Fraction) -> Fraction:
        self.left = min(Fraction(self.burst), self.left + (now - self.at) * self.rate)
        self.at = now
        debt = amount - self.left
        if debt > 0 and asks:
            return debt / self.rate
        self.left -= amount
        return max(Fraction(0), debt / self.rate)


@given(rate=st.sampled_from([1, 8, 128]), burst=st.sampled_from([1, 16, 256]), steps=STEPS)
def test_a_bucket_does_what_its_model_does(
    rate: int, burst: int, steps: list[tuple[bool, int, int]]
) -> None:
    bucket, model = TokenBucket(rate, burst), Model(rate, burst)
    now = Fraction(0)
    for asks, amount, sixteenths in steps:  # binary fractions, which floats hold exactly
        now += Fraction(sixteenths, 16)
        method = bucket.ask if asks else bucket.take
        assert method(amount, float(now)) == float(model.step(asks, amount, now))


@given(st.floats(0.1, 1e6), st.floats(1, 1e6), st.lists(st.floats(0, 10), min_size=1, max_size=100))
def test_no_one_gets_more_than_burst_and_rate(rate: float, burst: float, gaps: list[float]) -> None:
    bucket, granted, now = TokenBucket(rate, burst), 0.0, 0.0
    for gap in gaps:
        now += gap
        if bucket.ask(burst / 3, now) == 0.0:
            granted += burst / 3
    assert granted <= (burst + rate * now) * (1 + 1e-9)


def test_debt_is_paid_after_the_time_it_named() -> None:
    bucket = TokenBucket(10, 20)
    wait = bucket.take(50, now=100.0)
    assert wait == 3.0
    assert bucket.take(0, now=100.0 + wait - 0.1) > 0
    assert bucket.take(0, now=100.0 + wait) == 0.0


def test_asking_in_vain_does_not_lengthen_the_wait() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.ask(1, now=0.0) == 0.0
    assert [bucket.ask(1, now=0.5) for _ in range(100)] == [0.5] * 100
    assert bucket.ask(1, now=1.0) == 0.0


def test_an_amount_above_the_burst_is_never_there() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.ask(2, now=0.0) > 0
    assert bucket.ask(2, now=1e9) > 0


def test_each_address_has_its_own_bucket() -> None:
    buckets = AddressBuckets(1, 2)
    assert [buckets.ask("192.0.2.1", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert buckets.ask("192.0.2.2", 0.0) == 0.0


def test_what_is_given_back_was_never_taken() -> None:
    buckets = AddressBuckets(1, 2)
    for _ in range(10):
        assert buckets.ask("192.0.2.1", 0.0) == 0.0
        buckets.give_back("192.0.2.1", 0.0)
    assert [buckets.ask("192.0.2.1", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_idle_addresses_are_forgotten_and_busy_ones_are_not() -> None:
    buckets = AddressBuckets(1, 10)
    for _ in range(10):
        buckets.ask("192.0.2.1", 0.0)
    for number in range(rate_limits.SWEEP_AT - 1):
        buckets.ask(f"10.0.{number // 256}.{number % 256}", 0.0)
    buckets.ask("192.0.2.2", 2.0)
    assert len(buckets) == 2  # the others were full again, which is as good as new
    assert buckets.ask("192.0.2.1", 2.0, 3) == 1.0


def test_memory_is_bounded_by_who_came_lately() -> None:
    buckets = AddressBuckets(1, 1)
    most = 0
    for number in range(20_000):  # 100 new addresses a second, each full again after one second
        buckets.ask(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number / 100)
        most = max(most, len(buckets))
    assert most <= 2 * rate_limits.SWEEP_AT


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_one_host_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_ipv6_address_counts_in_its_site_too() -> None:
    assert networks_of("2001:db8:1:2::1") == ("2001:db8:1:2::/64", "2001:db8:1::/48")
    assert networks_of("192.0.2.1") == networks_of("::ffff:192.0.2.1") == ("192.0.2.1",)
    assert networks_of("testclient") == ("testclient",)


def test_a_site_has_a_larger_limit_than_one_of_its_networks() -> None:
    buckets = AddressBuckets(1, 2, 3)
    networks = [f"2001:db8:0:{number:x}::1" for number in range(4)]
    assert [buckets.ask(networks[0], 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    asked = [buckets.ask(network, 0.0) for network in networks[1:] for _ in range(2)]
    assert asked == [0.0] * 4 + [pytest.approx(1 / 3)] * 2
    assert buckets.ask("2001:db8:1::1", 0.0) == 0.0


def test_what_a_site_may_not_is_not_taken_from_its_network() -> None:
    buckets = AddressBuckets(1, 2, 1)
    assert [buckets.ask("2001:db8::1", 0.0) for _ in range(2)] == [0.0, 0.0]
    assert all(buckets.ask("2001:db8:0:1::1", 0.0) for _ in range(10))
    assert buckets.ask("2001:db8:0:1::1", 2.0) == 0.0
    buckets.give_back("2001:db8:0:1::1", 2.0)
    assert [buckets.ask("2001:db8:0:2::1", 2.0) for _ in range(3)][:2] == [0.0, 0.0]


def test_ipv4_addresses_are_no_site() -> None:
    buckets = AddressBuckets(1, 1, 1)
    assert all(buckets.ask(f"192.0.2.{number}", 0.0) == 0.0 for number in range(100))
    assert all(buckets.ask(f"::ffff:198.51.100.{number}", 0.0) == 0.0 for number in range(100))


@pytest.mark.parametrize("what", ["join", "make_room", "connect"])
def test_a_site_is_limited_in_all_that_an_address_is(what: str) -> None:
    limits = AddressLimits(joins=(1, 2), rooms=(1, 2), connections=2, site_factor=2)
    done = 0
    for number in range(8):
        address = f"2001:db8:0:{number:x}::1"
        if what == "connect":
            done += limits.connect(address)
        else:
            done += getattr(limits, what)(address, 0.0) == 0.0
    assert done == 4


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["128.0.0.1", "192.168.0.1", "::2", "localhost", "testclient", ""]
)
def test_not_loopback(address: str) -> None:
    assert not is_loopback(address)


def limits(*, limit_loopback: bool = False) -> AddressLimits:
    return AddressLimits(
        joins=(20, 60), rooms=(5, 20), connections=2, limit_loopback=limit_loopback
    )


def test_joins_and_rooms_are_counted_apart() -> None:
    counted = limits()
    assert [counted.join("192.0.2.1", 0.0) for _ in range(60)] == [0.0] * 60
    assert counted.join("192.0.2.1", 0.0) == 0.05
    assert [counted.make_room("192.0.2.1", 0.0) for _ in range(20)] == [0.0] * 20
    assert counted.make_room("192.0.2.1", 0.0) == 0.2


def test_connections_are_counted_out_again() -> None:
    counted = limits()
    assert counted.connect("192.0.2.1")
    assert counted.connect("192.0.2.1")
    assert not counted.connect("192.0.2.1")
    assert counted.connect("192.0.2.2")
    counted.disconnect("192.0.2.1")
    assert counted.connect("192.0.2.1")


def test_connections_of_the_past_cost_nothing() -> None:
    counted = limits()
    for number in range(100):
        assert counted.connect(f"192.0.2.{number}")
        counted.disconnect(f"192.0.2.{number}")
    assert not counted.connections


def test_refused_connections_cost_nothing() -> None:
    counted = AddressLimits(joins=(1, 1), rooms=(1, 1), connections=0)
    assert not counted.connect("192.0.2.1")
    assert not counted.connections


def test_a_network_is_what_is_counted_as_one_and_limited() -> None:
    free, limited = limits(), limits(limit_loopback=True)
    assert free.network("192.0.2.1") == free.network("::ffff:192.0.2.1") == "192.0.2.1"
    assert free.network("2001:db8::1") == free.network("2001:db8::2") != free.network("2001:dba::1")
    assert (free.network("127.0.0.1"), free.network("::1"), free.network("")) == (None,) * 3
    assert limited.network("127.0.0.1") == "127.0.0.1"
    assert limited.network("") is None  # a socket of Unix tells no one from another


def test_loopback_is_free_unless_it_is_to_be_limited() -> None:
    free, limited = limits(), limits(limit_loopback=True)
    for _ in range(200):
        assert free.connect("127.0.0.1")
        assert free.join("::1", 0.0) == 0.0
        assert free.make_room("127.0.0.1", 0.0) == 0.0
    assert [limited.connect("127.0.0.1") for _ in range(3)] == [True, True, False]
    assert [limited.make_room("127.0.0.1", 0.0) for _ in range(21)] == [0.0] * 20 + [0.2]


ONE_BY_ONE = tuple(range(1, 256))


@pytest.mark.parametrize(
    ("frame", "more"),
    [
        (Send(None, bytes(1000)), 0),
        (Send(200, b""), 0),
        (Set(0, "key", bytes(1000)), 0),
        (Send((1,) * 63, b""), 0),
        (Send((1,) * 64, b""), 1),
        (Volatile(1, (1,) * 1024, b""), 16),
        (Subscribe(ONE_BY_ONE[:32], ONE_BY_ONE[:31]), 0),
        (Subscribe(ONE_BY_ONE[:32], ONE_BY_ONE[:32]), 1),
        (Subscribe(ONE_BY_ONE, ONE_BY_ONE), 7),
    ],
)
def test_every_full_64_that_a_frame_lists_cost_one_more(frame: Frame, more: int) -> None:
    assert surcharge(frame) == more


def test_what_other_nodes_spend_is_forgotten_in_time() -> None:
    buckets = AddressBuckets(1.0, 5.0)
    for number in range(10 * SWEEP_AT):
        buckets.debit(f"192.0.2.{number}", number * 1.0, 1.0)
    assert len(buckets) <= SWEEP_AT
