"""Who a relay is to NATS: what its user may do, TLS, and credentials."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import nats
import pytest
from nats.aio.client import Client

from relay.cluster.nats.connection import Connection
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers, login_of
from relay.cluster.running import running
from relay.policy.values import nats_url
from tests.helpers.nats import FILES, NatsServer, nats_server, until
from tests.helpers.nats_users import Operator
from tests.helpers.nginx import made_certificate
from tests.helpers.ports import free_ports

LAYOUT = Layout()
SINGLE = (FILES / "nats-single.conf").read_text()
INCLUDED = "include ./nats-permissions.conf"
PERMISSIONS = (FILES / "nats-permissions.conf").read_text()
WITH_TLS = f"{SINGLE}\ninclude ./nats-tls.conf\n"


async def goes_through(node: Membership, room: str = "ROOM") -> None:
    """Check that a node can do all that relays do."""
    heard: list[bytes] = []
    node.log.follow(room, lambda entry: heard.append(entry.data))
    await node.log.publish_first(room, "birth", b"begun")
    node.log.publish(room, "next", b"next")
    await until(lambda: b"next" in heard)
    assert [entry.data for entry in await node.log.read(room, 0)] == [b"begun", b"next"]
    assert (await node.log.last([room])).keys() == {room}
    await node.log.put_snapshot(room, 1, bytes(600_000))
    assert [*await node.log.snapshots(room)] == [(1, bytes(600_000))]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[NatsServer]:
    with nats_server() as server:
        yield server


async def test_the_permissions_are_enough(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        joined(Servers((server.url,)), "one", LAYOUT) as one,
        joined(Servers((server.url,)), "two", LAYOUT) as two,
    ):
        heard: list[bytes] = []
        two.bus.subscribe("vol.ROOM", lambda _, data: heard.append(data))
        two.bus.answer("question", echo)
        for stream in LAYOUT.rooms:
            room = next(f"R{n}" for n in range(1000) if LAYOUT.stream_of(f"R{n}") == stream)
            await goes_through(one, room)
        await until(lambda: one.bus.others == {"two"} and two.bus.others == {"one"})
        assert await one.bus.ask("two", "question", b"to one", 5) == b"to one"
        assert await one.bus.ask_all("question", b"to all", 5) == {"two": b"to all"}
        one.bus.publish("vol.ROOM", b"here")
        await until(lambda: heard == [b"here"])
    assert "ermission" not in caplog.text
    assert "ermissions Violation" not in server.log


REVOKED = {
    '"in.*.*", ': 'publish to "in.0.probe"',
    '"snap.*.*.*", ': 'publish to "snap.0.probe.0"',
    '"out.*.*", ': 'subscription to "out.0.probe"',
    '"bus.ask.>", ': 'publish to "bus.ask.probe"',
    '"$JS.API.DIRECT.GET.SNAP",': 'publish to "$js.api.direct.get.snap"',
    '"$JS.API.STREAM.INFO.SNAP",': 'publish to "$js.api.stream.info.snap"',
}
"""What is taken from the permissions, and what the relay says that it lacks."""


@pytest.mark.parametrize("revoked", REVOKED)
async def test_a_node_waits_for_each_permission_and_names_it(
    revoked: str, caplog: pytest.LogCaptureFixture
) -> None:
    with without(revoked) as server:
        node = Membership(Servers((server.url,)), "one", LAYOUT)
        async with entering(node) as entered:
            await until(lambda: f"does not allow {REVOKED[revoked]}" in waits(caplog))
            assert "nats-permissions.conf" in waits(caplog)
            assert not entered.is_set()


async def test_a_node_joins_once_it_is_allowed_all() -> None:
    with without('"snap.*.*.*", ') as server:
        node = Membership(Servers((server.url,)), "one", LAYOUT)
        async with entering(node) as entered:
            await until(lambda: bool(node.connection.denied))
            server.configuration.write_text(with_permissions(PERMISSIONS))
            assert server.process is not None
            server.process.send_signal(signal.SIGHUP)
            await until(entered.is_set)


WITHOUT_JETSTREAM = re.sub(r"jetstream \{.*?\n\}\n", "", SINGLE, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("configuration", "permissions", "why"),
    [
        (WITHOUT_JETSTREAM, "", "it is off there: `jetstream {...}`"),
        (SINGLE, "", "say `jetstream: enabled` in the relay's account"),
        (SINGLE.replace("4GB", "1GB"), "jetstream: enabled", "max_file of more than 2147483648"),
    ],
)
async def test_a_node_says_what_jetstream_lacks(
    configuration: str, permissions: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = PERMISSIONS.replace("jetstream: enabled", permissions)
    with nats_server(configuration.replace(INCLUDED, text)) as server:
        async with entering(Membership(Servers((server.url,)), "one", LAYOUT)):
            await until(lambda: "waiting for JetStream" in waits(caplog))
    assert why in waits(caplog)


def without(revoked: str) -> AbstractContextManager[NatsServer]:
    """Run a server that does not allow this."""
    assert revoked in PERMISSIONS
    return nats_server(with_permissions(PERMISSIONS.replace(revoked, '"other", ', 1)))


def with_permissions(permissions: str) -> str:
    return SINGLE.replace(INCLUDED, permissions)


@contextlib.asynccontextmanager
async def entering(node: Membership) -> AsyncIterator[asyncio.Event]:
    """Let a node join meanwhile. Yields: what is set once it has."""
    entered = asyncio.Event()

    async def join() -> None:
        async with node.joined():
            entered.set()
            await asyncio.Event().wait()

    async with running(join()):
        yield entered


def waits(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(line for line in caplog.messages if line.startswith("waiting for"))


async def echo(asker: str, data: bytes) -> bytes:
    return data


FORBIDDEN = (
    "out.0.ROOM",
    "$JS.API.STREAM.DELETE.ROOMS0",
    "$JS.API.STREAM.PURGE.ROOMS0",
    "$JS.API.STREAM.UPDATE.ROOMS0",
    "$JS.API.STREAM.MSG.DELETE.ROOMS0",
    "$JS.API.STREAM.CREATE.OTHER",
    "$JS.API.STREAM.NAMES",
    "$JS.API.CONSUMER.CREATE.ROOMS0",
    "$JS.API.INFO",
    "$SYS.REQ.SERVER.PING",
    "other",
)


@pytest.mark.parametrize("subject", FORBIDDEN)
async def test_a_relay_may_publish_to_nothing_else(server: NatsServer, subject: str) -> None:
    async def publish(client: Client) -> None:
        await client.publish(subject, b"{}")

    said = await refusal(server, publish)
    assert f'permissions violation for publish to "{subject.lower()}"' in said


@pytest.mark.parametrize("subject", [">", "in.>", "snap.>", "$SYS.>", "_INBOX.>", "other"])
async def test_a_relay_may_subscribe_to_nothing_else(server: NatsServer, subject: str) -> None:
    async def subscribe(client: Client) -> None:
        await client.subscribe(subject)

    said = await refusal(server, subscribe)
    assert f'permissions violation for subscription to "{subject.lower()}"' in said


async def refusal(server: NatsServer, act: Callable[[Client], Awaitable[None]]) -> str:
    """Return what the server says when a relay does something; nats-py has it in small letters."""
    said: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def note(error: Exception) -> None:
        said.set_result(str(error))

    client = await nats.connect(server.url, error_cb=note, allow_reconnect=False)
    try:
        await act(client)
        async with asyncio.timeout(5):
            words = await said
    finally:
        await client.close()
    return words


@contextlib.contextmanager
def tls_server() -> Iterator[NatsServer]:
    certificate, key = made_certificate()
    variables = {"NATS_CERTIFICATE": str(certificate), "NATS_KEY": str(key)}
    with nats_server(WITH_TLS, scheme="tls", **variables) as server:
        yield server


async def test_a_relay_speaks_tls() -> None:
    certificate, _ = made_certificate()
    with tls_server() as server:
        async with joined(Servers((server.url,), None, certificate), "one", LAYOUT) as node:
            await goes_through(node)


async def test_an_authority_counts_where_only_the_server_speaks_of_tls() -> None:
    certificate, _ = made_certificate()
    with tls_server() as server:
        url = server.url.replace("tls://", "nats://")
        async with joined(Servers((url,), None, certificate), "one", LAYOUT) as node:
            assert node.connection.is_up


async def test_a_certificate_that_nobody_trusted_signed_is_refused() -> None:
    with tls_server() as server:
        why = await refused_for(Servers((server.url,)))
        assert "CERTIFICATE_VERIFY_FAILED" in why
        assert "--nats-ca" in why


async def test_a_server_without_tls_hears_no_password(server: NatsServer) -> None:
    url = server.url.replace("nats://", "tls://")
    assert "the server has no TLS" in await refused_for(Servers((url,)))


async def test_a_wrong_password_is_refused_and_said_once_in_a_while(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("relay.cluster.nats.connection.SAY_SECONDS", 3600.0)
    before = server.log.count("authentication error")
    connection = Connection(Servers((server.url.replace("secret", "wrong"),)), "one")
    async with running(connection.run()):
        await until(lambda: server.log.count("authentication error") > before + 2)
        await until(lambda: connection.failure.startswith("Authorization Violation: it knows no"))
    assert caplog.text.count("waiting for NATS") == len(caplog.messages) == 1


@pytest.mark.parametrize("password", ["a/b", "50%", "#1", "a@b:c"])
def test_a_password_may_have_any_signs(password: str) -> None:
    url = f"nats://relay:{quote(password, safe='')}@127.0.0.1"
    assert nats_url(url) == url
    assert login_of(url) == ("relay", password, None)


def test_a_token_stands_alone() -> None:
    assert login_of("nats://s%2Fcret@host:4222") == (None, None, "s/cret")
    assert login_of("nats://host") == (None, None, None)


async def test_a_password_is_sent_as_it_is() -> None:
    with nats_server(NATS_PASSWORD="a/b") as server:
        url = server.url.replace("secret", "a%2Fb")
        async with joined(Servers((url,)), "one", LAYOUT) as node:
            assert node.connection.is_up


async def test_where_nothing_listens_is_said_so() -> None:
    (port,) = free_ports(1)
    assert "nothing listens there" in await refused_for(Servers((f"nats://127.0.0.1:{port}",)))


async def test_a_name_without_address_is_said_so() -> None:
    assert "has no address" in await refused_for(Servers(("nats://no-such-host.invalid",)))


async def refused_for(servers: Servers) -> str:
    """Return why no connection comes about."""
    connection = Connection(servers, "one")
    async with running(connection.run()):
        await until(lambda: connection.is_up or bool(connection.failure))
        assert not connection.is_up
        return connection.failure


async def test_credentials_say_who_a_relay_is(tmp_path: Path) -> None:
    operator = Operator()
    credentials = tmp_path / "relay.creds"
    credentials.write_text(operator.credentials())
    with nats_server(operator.configuration()) as server:
        url = f"nats://127.0.0.1:{server.port}"
        async with joined(Servers((url,), credentials), "one", replace(LAYOUT, streams=1)) as node:
            await goes_through(node)
        credentials.write_text(Operator().credentials())
        assert "uthorization" in await refused_for(Servers((url,), credentials))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN NATS USER JWT-----\nx\n"])
def test_a_file_without_credentials_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "relay.creds"
    path.write_text(text)
    with pytest.raises(CannotJoin, match=path.name):
        Servers(("nats://localhost",), path).signer()


def test_a_damaged_seed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "relay.creds"
    text = Operator().credentials()
    seed = next(line for line in text.splitlines() if line.startswith("SU"))
    damaged = seed[:20] + ("A" if seed[20] != "A" else "B") + seed[21:]
    path.write_text(text.replace(seed, damaged))
    with pytest.raises(CannotJoin, match="damaged"):
        Servers(("nats://localhost",), path).signer()


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(CannotJoin, match=path.name):
        Servers(("tls://localhost",), None, path).trust()
