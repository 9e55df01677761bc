"""Where a relay listens, on real sockets."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from relay.server import listening
from relay.server.listening import CannotListen, Listener, adopt, inherited, listen


@contextmanager
def listener_at(host: str, port: int = 0) -> Iterator[Listener]:
    listener = listen(host, port)
    with ExitStack() as stack:
        for bound in listener.sockets:
            stack.enter_context(bound)
        yield listener


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_sockets_have_bounded_buffers_and_patience() -> None:
    with listener_at("127.0.0.1") as listener:
        (bound,) = listener.sockets
        with socket.create_connection(("127.0.0.1", listener.port)), bound.accept()[0] as accepted:
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                patience = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert patience == 10_000
            # Linux doubles what it was told, for its own bookkeeping.
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 128 * 1024


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::1", "http://[::1]:"),
        ("localhost", "http://localhost:"),
    ],
)
def test_a_listener_says_where_it_is(host: str, url: str) -> None:
    with listener_at(host) as listener:
        assert listener.url == f"{url}{listener.port}"
        assert listener.port > 0


def test_a_taken_port_is_explained() -> None:
    with listen("127.0.0.1", 0).sockets[0] as taken, pytest.raises(CannotListen) as refused:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "is taken" in str(refused.value)
    assert "--port" in str(refused.value)


# Both families.


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "localhost."])
def test_localhost_is_both_families_on_one_port(host: str) -> None:
    with listener_at(host) as listener:
        assert [bound.getsockname()[:2] for bound in listener.sockets] == [
            ("127.0.0.1", listener.port),
            ("::1", listener.port),
        ]
        assert answers("127.0.0.1", listener.port)
        assert answers("::1", listener.port)
    with listener_at(host, listener.port) as again:
        assert len(again.sockets) == 2


@pytest.mark.parametrize("missing", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_where_a_family_is_missing_the_other_is_enough(
    monkeypatch: pytest.MonkeyPatch, family: int, missing: int
) -> None:
    really = listening._bind

    def bind(place: listening.Place, port: int, host: str) -> socket.socket:
        if place[0] == family:
            raise OSError(missing, "none here")
        return really(place, port, host)

    monkeypatch.setattr(listening, "_bind", bind)
    with listener_at("localhost") as listener:
        (bound,) = listener.sockets
        assert bound.family != family


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_in_one_family_is_taken(address: str) -> None:
    """Else half of those who say localhost would come to another program."""
    with listener_at(address) as taken:
        with pytest.raises(CannotListen) as refused:
            listen("localhost", taken.port)
        assert f"port {taken.port} of localhost is taken" in str(refused.value)
        other = "::1" if address == "127.0.0.1" else "127.0.0.1"
        assert not answers(other, taken.port)


def test_a_free_port_is_one_that_is_free_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener_at("::1") as taken:
        really, tries = listening._bind, []

        def bind(place: listening.Place, port: int, host: str) -> socket.socket:
            tries.append(port)
            return really(place, taken.port if len(tries) == 1 else port, host)

        monkeypatch.setattr(listening, "_bind", bind)
        with listener_at("localhost") as listener:
            assert listener.port != taken.port
            assert tries == [0, taken.port, 0, listener.port]


def test_a_name_of_several_addresses_is_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, *_: object, **__: object) -> list[object]:
        assert host == "relay.test"
        stream = socket.SOCK_STREAM
        v4 = [(socket.AF_INET, stream, 6, "", (each, 0)) for each in ("127.0.0.1", "127.0.0.2")]
        return [*v4, v4[0], (socket.AF_INET6, stream, 6, "", ("::1", 0, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with listener_at("relay.test") as listener:
        names = [bound.getsockname()[0] for bound in listener.sockets]
        assert names == ["127.0.0.1", "127.0.0.2", "::1"]


def test_sockets_of_a_service_manager_are_listened_on_within_our_bounds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        listener = adopt([bound])
        assert (listener.host, listener.port) == bound.getsockname()
        assert bound.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 128 * 1024
        assert not bound.get_inheritable()


def test_a_socket_that_is_no_relays_is_refused(tmp_path: Path) -> None:
    with (
        socket.socket() as silent,
        socket.socket(socket.AF_UNIX) as local,
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        local.bind(str(tmp_path / "socket"))
        local.listen()
        for given in ([silent], [local], [one, other]):
            with pytest.raises(CannotListen) as refused:
                adopt(given)
            assert "LISTEN_FDS" in str(refused.value)


@pytest.mark.parametrize(
    ("pid", "count"),
    [("1", "1"), (str(os.getpid()), "0"), (str(os.getpid()), "one"), ("", "")],
    ids=["another", "none", "no-number", "unset"],  # the same ones in every process of a run
)
def test_sockets_for_another_process_are_not_taken(
    pid: str, count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_PID", pid)
    monkeypatch.setenv("LISTEN_FDS", count)
    assert inherited() is None
    assert "LISTEN_FDS" not in os.environ  # a child would take it for its own
