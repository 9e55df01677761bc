"""Whose request it is: what proxies say, and what anybody can say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.policy.proxies import (
    MAX_HOPS,
    THROUGH,
    Asker,
    Headers,
    Proxies,
    is_local,
)
from relay.policy.spelling import by_settings

PROXY, INNER, CLIENT = "192.0.2.1", "10.0.0.7", "203.0.113.9"
TRUSTING = Proxies(["192.0.2.0/24", "10.0.0.0/8", "2001:db8:1::/48"])
SAID = {"for": "X-Forwarded-For", "proto": "X-Forwarded-Proto", "host": "X-Forwarded-Host"}


def headers(**said: str | list[str]) -> Headers:
    """Write headers, as `x_forwarded_for`; several lines of one are a list."""
    lines = [
        (name.replace("_", "-").encode(), line.encode("latin-1"))
        for name, value in said.items()
        for line in (value if isinstance(value, list) else [value])
    ]
    return [(b"host", b"relay.example"), *lines]


def asker(peer: str | None = PROXY, proxies: Proxies = TRUSTING, /, **said: Any) -> Asker:
    return proxies.asker(peer, headers(**said))


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}, {INNER}", CLIENT),
        (f"{CLIENT},{INNER},192.0.2.9", CLIENT),
        (f"1.1.1.1, {CLIENT}", CLIENT),  # the client's own word
        (f"unheard of, {CLIENT}", CLIENT),
        (f'for="1.1.1.1, {CLIENT}', CLIENT),
        (f",,, {CLIENT}", CLIENT),
        (["1.1.1.1", CLIENT], CLIENT),
        ([CLIENT, INNER], CLIENT),
        (f"1.1.1.1, {INNER}", "1.1.1.1"),
        (f"{INNER}, 192.0.2.9", INNER),  # it asks itself
        (f"{CLIENT}:4711", CLIENT),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1, 2001:db8:1::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", CLIENT),
        ("127.0.0.1", f"127.0.0.1{THROUGH}"),
        ("::1", f"::1{THROUGH}"),
        ("x" * 10_000 + f", {CLIENT}", CLIENT),
    ],
)
def test_a_client_is_who_the_nearest_trusted_proxy_says(
    chain: str | list[str], client: str
) -> None:
    found = asker(x_forwarded_for=chain)
    assert (found.address, found.remark) == (client, None)


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("for=203.0.113.9", CLIENT),
        ("For=203.0.113.9;proto=https;by=10.0.0.7", CLIENT),
        ('for="203.0.113.9:4711"', CLIENT),
        ("for=203.0.113.9:4711", CLIENT),
        ('for="[2001:db8::1]:_port"', "2001:db8::1"),
        (f"for=1.1.1.1, for={CLIENT}", CLIENT),
        (f"for={CLIENT}, for=10.0.0.7", CLIENT),
        (["for=1.1.1.1", f"for={CLIENT}"], CLIENT),
        (f'for="1.1.1.1, for={CLIENT}', CLIENT),  # a quote that the client has opened
        (f'host="a,b\\"c", for={CLIENT};host="d,e"', CLIENT),
        (f'for={CLIENT}, for="10.0.0.7";host="a,b;c"', None),
        ("for=unknown", PROXY),
        ("for=_hidden", PROXY),
        ("for=unknown, for=10.0.0.7", INNER),
        ("proto=https", PROXY),
    ],
)
def test_so_it_is_where_a_proxy_says_it_in_the_standards_words(
    said: str | list[str], client: str | None
) -> None:
    found = asker(forwarded=said)
    if client is None:  # malformed: no more is believed than that a proxy asks
        assert (found.address, found.remark is not None) == (PROXY, True)
    else:
        assert found.address == client


@pytest.mark.parametrize(
    "said",
    [
        {"x_forwarded_for": "nonsense"},
        {"x_forwarded_for": "203.0.113.999"},
        {"x_forwarded_for": "203.0.113.9:99:99"},
        {"x_forwarded_for": "[2001:db8::1"},
        {"x_forwarded_for": "fe80::1%eth0"},
        {"x_forwarded_for": f"{CLIENT},"},
        {"x_forwarded_for": ""},
        {"x_forwarded_for": "x" * 5000},
        {"x_forwarded_for": "\xff\x01\n"},
        {"forwarded": "for"},
        {"forwarded": 'for="203.0.113.9'},
        {"forwarded": "for=203.0.113.9;for=203.0.113.8"},
        {"forwarded": "for=203.0.113.9;;"},
        {"x_forwarded_proto": "https"},
        {"via": "1.1 proxy"},
    ],
    ids=str,
)
def test_what_is_malformed_leaves_the_proxy_and_says_so_in_one_line(said: dict[str, str]) -> None:
    found = asker(**said)
    assert found.address == PROXY
    assert found.remark is not None
    assert PROXY in found.remark
    assert found.remark.isprintable()
    assert len(found.remark) < 300


def test_who_stands_behind_the_last_known_hop_is_that_hop() -> None:
    assert asker(x_forwarded_for=f"nonsense, {INNER}").address == INNER


@pytest.mark.parametrize("peer", ["198.51.100.1", "2001:db8:2::1", "testclient", "", None])
def test_nobody_else_is_believed(peer: str | None) -> None:
    said = {"x_forwarded_for": CLIENT, "x_forwarded_host": "a.example"}
    found = asker(peer, **said, x_forwarded_proto="https", x_forwarded_prefix="/games")
    standard = asker(peer, forwarded=f"for={CLIENT};host=a.example;proto=https")
    for each in (found, standard):
        assert replace(each, remark=None) == Asker(peer or "")


def test_nobody_at_all_is_believed_by_default() -> None:
    for peer in ("198.51.100.1", "127.0.0.1", "10.0.0.1", None):
        found = asker(peer, Proxies(), x_forwarded_for=CLIENT, x_forwarded_host="a.example")
        assert found.address.removesuffix(THROUGH) == (peer or "")
        assert found.host is None


def test_two_families_that_disagree_are_not_believed() -> None:
    """A proxy writes one and passes the other on, which is the client's own."""
    found = asker(x_forwarded_for=CLIENT, forwarded="for=1.1.1.1;host=evil.example")
    assert found.address == PROXY
    assert found.host is None
    assert "different clients" in (found.remark or "")
    assert asker(x_forwarded_for="1.1.1.1", forwarded=f"for={CLIENT}").address == PROXY
    both = asker(x_forwarded_for=CLIENT, forwarded=f'for="{CLIENT}:1"')
    assert (both.address, both.remark) == (CLIENT, None)


def test_a_page_is_asked_for_as_the_proxy_says() -> None:
    said = {
        "x_forwarded_for": CLIENT,
        "x_forwarded_proto": "HTTPS",
        "x_forwarded_host": "a.example",
    }
    assert asker(**said, x_forwarded_prefix="/games/") == Asker(
        CLIENT, "https", "a.example", "/games"
    )
    standard = asker(forwarded=f'for={CLIENT};proto=wss;host="a.example:8443"')
    assert standard == Asker(CLIENT, "https", "a.example:8443")


def test_a_page_is_asked_for_as_the_hop_says_that_names_the_client() -> None:
    outer_first = asker(
        x_forwarded_for=f"1.1.1.1, {CLIENT}, {INNER}",
        x_forwarded_host="evil.example, a.example, upstream",
        x_forwarded_proto="http, https, http",
    )
    assert (outer_first.host, outer_first.scheme) == ("a.example", "https")
    one_for_all = asker(x_forwarded_for=f"{CLIENT}, {INNER}", x_forwarded_host="a.example")
    assert one_for_all.host == "a.example"
    elements = asker(forwarded=f"for={CLIENT};host=a.example, for={INNER};host=upstream")
    assert elements.host == "a.example"


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "https://evil.example", '/"><script>', "/a b", "games", "/\\evil"]
)
def test_a_prefix_that_is_no_path_is_left_out(prefix: str) -> None:
    found = asker(x_forwarded_for=CLIENT, x_forwarded_prefix=prefix)
    assert found.prefix == ""
    assert "a path as /games was expected" in (found.remark or "")


@pytest.mark.parametrize("scheme", ["ftp", "javascript", "https://x"])
def test_a_scheme_that_is_none_is_left_out(scheme: str) -> None:
    found = asker(x_forwarded_for=CLIENT, x_forwarded_proto=scheme)
    assert found.scheme is None
    assert "http or https was expected" in (found.remark or "")


def test_a_unix_socket_is_trusted_by_its_own_word() -> None:
    proxies = Proxies(["unix"])
    assert asker(None, proxies, x_forwarded_for=CLIENT).address == CLIENT
    assert asker("198.51.100.1", proxies, x_forwarded_for=CLIENT).address == "198.51.100.1"
    assert asker(None, TRUSTING, x_forwarded_for=CLIENT).address == ""


def test_everybody_can_be_trusted_who_says_so() -> None:
    proxies = Proxies(["0.0.0.0/0", "::/0"])
    assert asker("198.51.100.1", proxies, x_forwarded_for="1.1.1.1, 2.2.2.2").address == "1.1.1.1"


def test_an_address_that_is_mapped_into_ipv6_is_the_same_proxy() -> None:
    assert asker("::ffff:192.0.2.1", x_forwarded_for=CLIENT).address == CLIENT


def test_a_chain_without_end_is_read_so_far_and_no_further() -> None:
    chain = ", ".join([CLIENT] + ["10.0.0.1"] * 10_000)
    assert asker(x_forwarded_for=chain).address == "10.0.0.1"
    assert asker(x_forwarded_for=", ".join([CLIENT] + [INNER] * (MAX_HOPS - 1))).address == CLIENT


@pytest.mark.parametrize(
    ("said", "is_free"),
    [
        ([(b"host", b"127.0.0.1:8000")], True),
        ([(b"host", b"localhost")], True),
        ([], True),
        ([(b"host", b"[::1]:8000"), (b"origin", b"http://localhost:5173")], True),
        ([(b"host", b"game.example")], False),
        ([(b"host", b"127.0.0.1"), (b"origin", b"https://game.example")], False),
        ([(b"host", b"127.0.0.1"), (b"origin", b"null")], False),
        ([(b"host", b"127.0.0.1"), (b"x-forwarded-for", b"127.0.0.1")], False),
        ([(b"host", b"127.0.0.1"), (b"x-forwarded-anything", b"")], False),
        ([(b"host", b"127.0.0.1"), (b"forwarded", b"")], False),
        ([(b"host", b"127.0.0.1"), (b"via", b"1.1 vegur")], False),
        ([(b"host", b"127.0.0.1"), (b"x-real-ip", b"127.0.0.1")], False),
    ],
    ids=str,
)
def test_loopback_is_free_only_where_nobody_else_can_stand_behind_it(
    said: Headers, is_free: bool
) -> None:
    for proxies in (Proxies(), Proxies(["127.0.0.0/8"])):
        for peer in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
            assert is_local(peer, said) is is_free
            assert (proxies.asker(peer, said).address == peer) is (is_free)
    assert not is_local("192.0.2.1", said)


def test_an_operator_hears_of_a_proxy_that_is_not_trusted() -> None:
    for peer in ("127.0.0.1", "10.1.2.3", "fd00::1"):
        remark = asker(peer, Proxies(), x_forwarded_for=CLIENT).remark or ""
        assert f"--trusted-proxy {peer} tells them apart" in remark
    mounted = asker("127.0.0.1", Proxies(spell=by_settings), x_forwarded_for=CLIENT).remark or ""
    assert "RELAY_TRUSTED_PROXIES=127.0.0.1 (or Settings(trusted_proxies=...))" in mounted
    assert asker("8.8.8.8", Proxies(), x_forwarded_for=CLIENT).remark is None  # any stranger


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["x-forwarded-for", "forwarded", "x-forwarded-host", "x-forwarded-proto", "via"]
            ),
            st.text(st.characters(max_codepoint=255), max_size=40)
            | st.from_regex(r'(for|host|proto)="?[0-9a-f.:\[\]\\",;]{0,30}', fullmatch=True),
        ),
        max_size=6,
    )
)
def test_nothing_that_is_said_before_changes_what_a_proxy_adds(said: list[tuple[str, str]]) -> None:
    """Whatever a client sends, the proxy's own words come last in each family."""
    theirs = [(name.encode(), text.encode("latin-1")) for name, text in said]
    ours = [(b"x-forwarded-for", CLIENT.encode()), (b"forwarded", f"for={CLIENT}".encode())]
    assert TRUSTING.asker(PROXY, [*theirs, *ours]).address == CLIENT
    assert TRUSTING.asker("198.51.100.1", [*theirs, *ours]).address == "198.51.100.1"
