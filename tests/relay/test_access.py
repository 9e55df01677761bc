"""Which pages may connect: every row is a caller and what becomes of it."""

import pytest

from relay.access import Caller, Policy, canonical_origin, parse_authority, shown

POLICY = Policy(
    names=["play.example.com"], origins=["https://game.example.com", "capacitor://localhost"]
)

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


def caller(
    origin: str | None = None,
    host: str | None = "localhost:8000",
    client: str | None = "127.0.0.1",
    server: str | None = "127.0.0.1",
) -> Caller:
    return Caller(origin, host, client, server)


def remote(origin: str | None, host: str | None = "192.168.1.5:8000") -> Caller:
    return Caller(origin, host, "192.168.1.77", "192.168.1.5")


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


def test_a_program_needs_no_origin() -> None:
    assert POLICY.refuse_link(caller()) is None
    assert POLICY.refuse_link(remote(None)) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://192.168.1.5:8000", "192.168.1.5:8000"),
        ("HTTP://192.168.1.5:8000", "192.168.1.5:8000"),
        ("http://192.168.1.5", "192.168.1.5"),
        ("http://192.168.1.5", "192.168.1.5:80"),
        ("http://192.168.1.5:80", "192.168.1.5"),
        ("https://play.example.com", "play.example.com"),
        ("https://play.example.com", "play.example.com:443"),
        ("https://PLAY.example.com:443", "play.EXAMPLE.com"),
        ("http://[2001:db8::1]:8000", "[2001:DB8:0::1]:8000"),
    ],
)
def test_the_relays_own_page_may_connect(origin: str, host: str) -> None:
    assert POLICY.refuse_link(remote(origin, host)) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://192.168.1.5:9000", "192.168.1.5:8000"),
        ("http://192.168.1.5", "192.168.1.5:8000"),
        ("https://192.168.1.5", "192.168.1.5:80"),
        ("http://192.168.1.6:8000", "192.168.1.5:8000"),
        ("https://play.example.com:8443", "play.example.com"),
    ],
)
def test_another_port_is_another_site(origin: str, host: str) -> None:
    assert POLICY.refuse_link(remote(origin, host)) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:5173",
        "https://localhost",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "http://game.localhost",
        "http://LOCALHOST:5173",
    ],
)
def test_a_page_on_loopback_may_connect_from_loopback_only(origin: str) -> None:
    for client in ("127.0.0.1", "127.5.5.5", "::1", "::ffff:127.0.0.1"):
        assert POLICY.refuse_link(caller(origin, client=client)) is None
    for elsewhere in ("192.168.1.77", "2001:db8::1", "", None):
        assert POLICY.refuse_link(caller(origin, client=elsewhere)) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "https://game.example.com",
        "https://GAME.example.com",
        "https://game.example.com:443",
        "capacitor://localhost",
    ],
)
def test_a_listed_site_may_connect(origin: str) -> None:
    assert POLICY.refuse_link(remote(origin)) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil",
        "https://evil.game.example.com",
        "https://game.example.com.evil",
        "https://evilgame.example.com",
        "http://game.example.com",
        "https://game.example.com:8443",
        "http://localhost.evil.example:8000",
        "http://127.0.0.1.evil.example",
        "http://2130706433:8000",
        "http://0x7f.1:8000",
        "ftp://localhost:8000",
        "null",
        "NULL",
    ],
)
def test_any_other_site_is_refused_and_the_option_named(origin: str) -> None:
    for each in (caller(origin), remote(origin)):
        refusal = POLICY.refuse_link(each)
        assert refusal is not None
        assert f"--origin {canonical_origin(origin)} allows it" in refusal


@pytest.mark.parametrize(
    "origin",
    [
        "https://game.example.com@evil",
        "http://localhost:8000@evil",
        "http://user:word@localhost:8000",
        "http://localhost:8000/",
        "http://localhost:8000#",
        "http://localhost:8000\\@evil",
        "http://localhost:8000, http://evil",
        "http://",
        "//localhost:8000",
        "localhost:8000",
        "",
        "*",
        "\xff\n",
    ],
)
def test_what_is_no_origin_is_refused_in_one_plain_line(origin: str) -> None:
    for each in (caller(origin), remote(origin)):
        refusal = POLICY.refuse_link(each)
        assert refusal is not None
        assert "--origin" not in refusal
        assert refusal.isascii()
        assert refusal.isprintable()


def test_a_rebound_name_is_refused_though_origin_and_host_agree() -> None:
    """The page's own DNS name was pointed at 127.0.0.1 after the page had loaded."""
    rebound = caller("http://evil.example:8000", "evil.example:8000")
    assert "--name evil.example" in (POLICY.refuse_link(rebound) or "")


def test_a_star_allows_every_origin_but_no_name() -> None:
    policy = Policy(origins=["*"])
    for origin in ("https://evil", "null", "capacitor://localhost"):
        assert policy.refuse_link(remote(origin)) is None
        assert policy.refuse_link(remote(origin, "evil.example")) is not None


@pytest.mark.parametrize(
    "origin", ["null", "http://Game.example.com:80", "https://[2001:db8::1]:8443"]
)
def test_the_option_that_a_refusal_names_allows_it(origin: str) -> None:
    refusal = POLICY.refuse_link(remote(origin)) or ""
    option = refusal.split("--origin ")[1].split()[0]
    assert Policy(origins=[option]).refuse_link(remote(origin)) is None


def test_the_name_that_a_refusal_names_allows_it() -> None:
    refusal = POLICY.refuse_host(remote(None, "Relay.Local:8000")) or ""
    option = refusal.split("--name ")[1].split()[0]
    assert Policy(names=[option]).refuse_host(remote(None, "Relay.Local:8000")) is None


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("HTTPS://Example.com:443", "https://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://[2001:DB8::0:1]:80", "http://[2001:db8::1]"),
        ("null", "null"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_an_origin_has_one_spelling(spelled: str, canonical: str) -> None:
    assert canonical_origin(spelled) == canonical


def test_an_authority_is_read() -> None:
    authority = parse_authority("Example.com:80")
    assert authority is not None
    assert (authority.host, authority.port) == ("example.com", 80)
    assert not authority.is_address
    assert not authority.is_loopback


def test_what_strangers_send_is_short_and_plain_in_a_log() -> None:
    assert shown("evil\nINFO fine\x1b[2J" + "x" * 500) == "evil?INFO?fine?[2J" + "x" * 82
    assert shown("") == "(empty)"
