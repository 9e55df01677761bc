import pytest

from clients.python.core.address import Address, parse, parse_relay

ROOM = "ws://localhost:8000/r/K7QF"


@pytest.mark.parametrize(
    ("url", "room", "expected"),
    [
        ("localhost:8000", "K7QF", ROOM),
        ("ws://localhost:8000", "K7QF", ROOM),
        ("http://localhost:8000", "K7QF", ROOM),
        ("http://localhost:8000/", "K7QF", ROOM),
        ("http://localhost:8000/r/K7QF", None, ROOM),
        ("localhost:8000/r/K7QF/", None, ROOM),
        ("localhost:8000/r/K7QF", "k7qf", "ws://localhost:8000/r/k7qf"),
        ("https://play.example/r/K7QF?bots=3#top", None, "wss://play.example/r/K7QF"),
        ("wss://play.example/arena", "K7QF", "wss://play.example/arena/r/K7QF"),
        ("https://play.example/arena/r/K7QF", None, "wss://play.example/arena/r/K7QF"),
        (
            "https://a.example/r/K7QF?join&seed=4&chaos=lan",
            None,
            "wss://a.example/r/K7QF?seed=4&chaos=lan",
        ),
        ("localhost:8000?seed=4&chaos=a/b", "K7QF", f"{ROOM}?seed=4&chaos=a%2Fb"),
        ("localhost:8000/r/K7QF?seed=4", None, ROOM),
        ("[::1]:8000", "my_room-1", "ws://[::1]:8000/r/my_room-1"),
    ],
)
def test_an_address_may_be_written_as_people_write_it(
    url: str, room: str | None, expected: str
) -> None:
    assert parse(url, room).url == expected


@pytest.mark.parametrize(
    ("url", "room", "complaint"),
    [
        ("localhost:8000", None, "names no room"),
        ("localhost:8000", "", "names no room"),
        ("localhost:8000/r/K7QF", "ABCD", "name one"),
        ("localhost:8000", "the lobby", "cannot be a room"),
        ("localhost:8000/r/" + "x" * 33, None, "cannot be a room"),
        ("ftp://localhost", "K7QF", "not a relay's address"),
        ("", "K7QF", "not a relay's address"),
        ("game..example.com", "K7QF", "a host that cannot be"),
        ("a" * 64 + ".example.com", "K7QF", "1 to 63 letters"),
        ("ä" * 60 + ".example.com", "K7QF", "1 to 63 letters"),
        ("abc." * 70 + "com", "K7QF", "253 in all"),
        ("localhost:99999", "K7QF", "from 1 to 65535"),
        ("localhost:0", "K7QF", "from 1 to 65535"),
        ("localhost:http", "K7QF", "from 1 to 65535"),
        ("localhost:80:80", "K7QF", "one number"),
        ("[::1]:80:80", "K7QF", "one number"),
        (" localhost:8000", "K7QF", "blanks"),
        ("localhost:8000 ", "K7QF", "blanks"),
        ("\tws://localhost:8000", "K7QF", "blanks"),
        ("local host:8000", "K7QF", "blanks"),
        ("::1:8000", "K7QF", r"write \[::1\]:8000"),
        ("ws://::1:8000/r/K7QF", None, r"write \[::1\]:8000"),
        ("::1", "K7QF", r"write \[::1\]:8000"),
        ("[::1", "K7QF", "not a relay's address"),
        ("[localhost]:8000", "K7QF", "not a relay's address"),
        ("ann@localhost:8000", "K7QF", "without a password"),
    ],
)
def test_an_address_that_leads_nowhere_says_why(url: str, room: str | None, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(url, room)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_this_machine_is_known_as_such(host: str) -> None:
    assert parse(f"{host}:8000", "K7QF").is_loopback


def test_other_machines_are_not_this_one() -> None:
    assert parse("ws://localhost.example:8000", "K7QF") == Address(
        "ws://localhost.example:8000/r/K7QF", "K7QF", is_loopback=False
    )


@pytest.mark.parametrize(
    ("url", "expected", "is_loopback"),
    [
        ("localhost:8000", "http://localhost:8000", True),
        ("ws://localhost:8000/", "http://localhost:8000", True),
        ("http://[::1]:8000/r/K7QF", "http://[::1]:8000", True),
        ("wss://play.example/arena", "https://play.example/arena", False),
        ("https://play.example/arena/r/K7QF?bots=3", "https://play.example/arena", False),
    ],
)
def test_a_relay_is_found_without_a_room(url: str, expected: str, is_loopback: bool) -> None:
    assert parse_relay(url) == (expected, is_loopback)


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:0", "local host", "::1:8000"])
def test_what_is_no_relays_address_says_so(url: str) -> None:
    with pytest.raises(ValueError, match=r"write|blanks"):
        parse_relay(url)
