"""Hashes tell nothing of what they were made from."""

from __future__ import annotations

from relay.policy.keys import key_of, network_key

SECRET = bytes(range(16))


def test_a_key_is_the_same_for_the_same_secret_in_the_same_room() -> None:
    assert key_of("LOBBY", SECRET) == key_of("LOBBY", SECRET)
    assert key_of("LOBBY", None) is None


def test_a_key_tells_neither_the_secret_nor_the_key_elsewhere() -> None:
    key = key_of("LOBBY", SECRET)
    assert key is not None
    assert len(key) == 16
    assert key not in (SECRET, key_of("OTHER", SECRET), key_of("LOBBY", bytes(16)))


def test_a_network_is_kept_as_a_hash_that_tells_nothing_elsewhere() -> None:
    network = network_key("LOBBY", "192.0.2.1")
    assert network is not None
    assert len(network) == 16
    assert network == network_key("LOBBY", "192.0.2.1")
    assert network not in (network_key("OTHER", "192.0.2.1"), network_key("LOBBY", "192.0.2.2"))
    assert network_key("LOBBY", None) is None
