"""Which names a relay answers to: every row is a Host header and what becomes of it."""

import pytest

from relay.policy.origins import Caller, Policy, parse_authority
from tests.helpers.callers import POLICY, caller, remote

LOOPBACK_HOSTS = [
    "localhost",
    "localhost:8000",
    "LOCALHOST:8000",
    "localhost.:8000",
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.1.2.3:8000",
    "[::1]",
    "[::1]:8000",
    "[0:0:0:0:0:0:0:1]:8000",
    "game.localhost:8000",
]

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "evillocalhost",
    "127.0.0.1.evil.example",
    "play.example.com.evil.example",
    "evilplay.example.com",
]

MALFORMED_HOSTS = [
    "",
    " ",
    "localhost 8000",
    "localhost:",
    "localhost:port",
    "localhost:65536",
    "localhost:123456",
    "user@localhost",
    "localhost@evil.example",
    "localhost:8000@evil.example",
    "localhost/evil",
    "localhost#",
    "localhost,evil.example",
    "http://localhost",
    "::1",
    "[::1",
    "[localhost]",
    "[127.0.0.1]",
    "[::1%lo]",
    "localhost\r\nX: y",
    "l\N{CYRILLIC SMALL LETTER O}calhost",
]


@pytest.mark.parametrize("host", [*LOOPBACK_HOSTS, "play.example.com", "PLAY.Example.com.:8000"])
def test_a_host_of_this_relay_is_allowed(host: str) -> None:
    assert POLICY.refuse_host(caller(host=host)) is None


@pytest.mark.parametrize(
    "host", ["192.168.1.5", "192.168.1.5:8000", "[2001:db8::1]:8000", "0.0.0.0"]
)
def test_an_address_is_allowed_since_no_dns_lied_about_it(host: str) -> None:
    assert POLICY.refuse_host(caller(host=host)) is None


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_another_name_is_refused_and_the_option_named(host: str) -> None:
    refusal = POLICY.refuse_host(caller(host=host))
    assert refusal is not None
    assert f"--name {host.split(':')[0]} " in refusal


@pytest.mark.parametrize("host", MALFORMED_HOSTS)
def test_a_malformed_host_is_refused_in_one_plain_line(host: str) -> None:
    refusal = POLICY.refuse_host(caller(host=host))
    assert refusal is not None
    assert refusal.isascii()
    assert refusal.isprintable()
    assert "--name" not in refusal


def test_a_missing_host_is_refused() -> None:
    assert POLICY.refuse_host(caller(host=None)) == "it has no Host header"
    assert POLICY.refuse_link(caller(host=None)) == "it has no Host header"


def test_the_name_of_a_test_server_is_its_address() -> None:
    """Starlette's TestClient reaches `testserver`; a real server's own address is no name."""
    assert POLICY.refuse_link(Caller(None, "testserver", "testclient", "testserver")) is None
    assert POLICY.refuse_link(Caller(None, "evil.example", "testclient", "testserver")) is not None


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "10.0.0.2:8000", "upstream"])
def test_a_host_that_a_proxy_may_have_rewritten_is_named(host: str) -> None:
    asked = Caller("https://play.example.com", host, "203.0.113.9", "10.0.0.2")
    refusal = POLICY.refuse_link(asked) or ""
    assert f"Host is {host} (if that page is this relay's, a proxy has rewritten Host" in refusal
    assert refusal.isprintable()


def test_a_host_that_nobody_has_rewritten_is_not() -> None:
    for origin, host in (
        (None, "upstream"),
        ("http://evil.example:8000", "evil.example:8000"),
        ("http://localhost:5173", "192.168.1.5:8000"),
        ("http://192.168.1.5:9000", "192.168.1.5:8000"),
    ):
        asked = Caller(origin, host, "203.0.113.9", "10.0.0.2")
        assert "rewritten" not in (POLICY.refuse_link(asked) or "rewritten")


def test_a_rebound_name_is_refused_though_origin_and_host_agree() -> None:
    """The page's own DNS name was pointed at 127.0.0.1 after the page had loaded."""
    rebound = caller("http://evil.example:8000", "evil.example:8000")
    assert "--name evil.example" in (POLICY.refuse_link(rebound) or "")


def test_the_name_that_a_refusal_names_allows_it() -> None:
    refusal = POLICY.refuse_host(remote(None, "Relay.Local:8000")) or ""
    option = refusal.split("--name ")[1].split()[0]
    assert Policy(names=[option]).refuse_host(remote(None, "Relay.Local:8000")) is None


def test_an_authority_is_read() -> None:
    authority = parse_authority("Example.com:80")
    assert authority is not None
    assert (authority.host, authority.port) == ("example.com", 80)
    assert not authority.is_address
    assert not authority.is_loopback
