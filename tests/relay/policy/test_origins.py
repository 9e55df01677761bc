"""Which pages may connect: every row is a caller and what becomes of it."""

import pytest

from relay.policy.origins import Caller, Policy, canonical_origin, is_origin, shown
from relay.policy.spelling import by_settings
from tests.helpers.callers import POLICY, caller, remote


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


BELOW = Policy(origins=["https://*.itch.zone", "http://*.Example.com:8080"])


@pytest.mark.parametrize(
    "origin",
    [
        "https://html.itch.zone",
        "https://HTML.itch.zone:443",
        "https://a.b.itch.zone",
        "http://game.example.com:8080",
    ],
)
def test_a_wildcard_allows_all_hosts_below_a_name(origin: str) -> None:
    assert BELOW.refuse_link(remote(origin)) is None
    assert BELOW.may_link(remote(origin))


@pytest.mark.parametrize(
    "origin",
    [
        "https://itch.zone",
        "https://evilitch.zone",
        "https://.itch.zone",
        "https://html.itch.zone.evil.example",
        "https://html.itch.zone@evil.example",
        "http://html.itch.zone",
        "https://html.itch.zone:8443",
        "https://*.itch.zone",
        "http://game.example.com",
        "https://game.example.com:8080",
        "capacitor://html.itch.zone",
        "null",
        "file://",
    ],
)
def test_a_wildcard_allows_nothing_else(origin: str) -> None:
    assert BELOW.refuse_link(remote(origin)) is not None
    assert not BELOW.may_link(remote(origin))


@pytest.mark.parametrize("word", ["null", "file://", "NULL", "File://"])
def test_pages_of_no_site_are_allowed_by_either_of_their_names(word: str) -> None:
    """Of one such page Chromium says file:// for a WebSocket, and null for REST."""
    policy = Policy(origins=[word])
    for origin in ("null", "file://"):
        assert policy.refuse_link(remote(origin)) is None
        assert policy.refuse_link(remote(origin, "evil.example")) is not None
        assert "--origin null allows it" in (POLICY.refuse_link(remote(origin)) or "")
        assert BELOW.refuse_link(caller(origin)) is not None
    assert policy.refuse_link(remote("https://evil.example")) is not None


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("https://*.itch.zone", True),
        ("https://*.itch.zone:8443", True),
        ("null", True),
        ("file://", True),
        ("*", True),
        ("https://*", False),
        ("https://*.zone", False),
        ("https://*itch.zone", False),
        ("https://a.*.itch.zone", False),
        ("https://*.*.itch.zone", False),
        ("*.itch.zone", False),
        ("*://a.itch.zone", False),
        ("https://*.itch.zone/", False),
        ("file:///home", False),
    ],
)
def test_a_wildcard_stands_for_whole_hosts_below_a_name(word: str, is_one: bool) -> None:
    assert is_origin(word) is is_one


@pytest.mark.parametrize(
    ("scheme", "origin", "host", "may"),
    [
        ("https", "https://play.example.com", "play.example.com", True),
        ("https", "https://play.example.com:8443", "play.example.com:8443", True),
        ("http", "http://play.example.com", "play.example.com", True),
        ("https", "http://play.example.com", "play.example.com", False),
        ("http", "https://play.example.com", "play.example.com", False),
        ("https", "https://play.example.com:8443", "play.example.com", False),
        (None, "https://play.example.com", "play.example.com", True),
        (None, "http://play.example.com", "play.example.com", True),
    ],
)
def test_a_page_is_the_relays_own_as_a_proxy_was_asked_for_it(
    scheme: str | None, origin: str, host: str, may: bool
) -> None:
    asked = Caller(origin, host, "203.0.113.9", "10.0.0.2", scheme)
    assert (POLICY.refuse_link(asked) is None) is may


def test_a_wrong_word_of_a_proxy_about_the_scheme_is_named() -> None:
    asked = Caller("https://play.example.com", "play.example.com", None, None, "http")
    assert "X-Forwarded-Proto may be wrong" in (POLICY.refuse_link(asked) or "")


def test_advice_is_for_the_way_in_which_the_relay_was_started() -> None:
    policy = Policy(spell=by_settings)
    origin, name = "https://game.example.com", "game.example.com"
    asked = policy.refuse_link(remote(origin)) or ""
    assert f"RELAY_ORIGINS={origin} (or Settings(origins=...)) allows it" in asked
    named = policy.refuse_host(remote(None, name)) or ""
    assert f"RELAY_NAMES={name} (or Settings(names=...)) makes it one" in named
    assert "--" not in asked + named


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


def test_what_strangers_send_is_short_and_plain_in_a_log() -> None:
    assert shown("evil\nINFO fine\x1b[2J" + "x" * 500) == "evil?INFO?fine?[2J" + "x" * 82
    assert shown("") == "(empty)"
