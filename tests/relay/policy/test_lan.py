"""Where others find this machine."""

import pytest

from relay.policy import lan


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("192.0.2.1", 8000, "http://192.0.2.1:8000"),
        ("192.0.2.1", 80, "http://192.0.2.1"),
        ("2001:db8::1", 8000, "http://[2001:db8::1]:8000"),
        ("relay.example", 8000, "http://relay.example:8000"),
    ],
)
def test_an_address_is_spelled_as_url(host: str, port: int, url: str) -> None:
    assert lan.url(host, port) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_nobody_else_finds_a_relay_on_loopback(host: str) -> None:
    assert lan.found_at(host, 8000) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_relay_on_all_addresses_is_found_at_one_of_the_network(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan, "lan_address", lambda: "192.0.2.7")
    assert lan.found_at(host, 8000) == "http://192.0.2.7:8000"
    monkeypatch.setattr(lan, "lan_address", lambda: None)
    assert lan.found_at(host, 8000) is None


def test_a_relay_on_one_address_is_found_there() -> None:
    assert lan.found_at("192.0.2.9", 8000) == "http://192.0.2.9:8000"


def test_a_machine_without_a_network_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "SOMEWHERE", ("127.0.0.1", 9))
    assert lan.lan_address() is None
    monkeypatch.setattr(lan, "SOMEWHERE", ("255.255.255.255", 9))
    assert lan.lan_address() is None
