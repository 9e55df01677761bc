"""Behind a real nginx, with TLS and below a path: players, pages, limits, and what nginx spoils."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from protocol.codec import Role, decode, encode
from protocol.frames import Hello, HelloOptions, Live, RoomOptions
from relay.policy import passwords
from relay.policy.config import Settings
from relay.policy.proxies import THROUGH
from tests.helpers.browser import Tabs
from tests.helpers.nginx import BINDS, FORWARDING, HOST, PREFIX, UPGRADING, nginx_before
from tests.helpers.peers import PATIENCE, PATIENT
from tests.helpers.proxies import Proxy
from tests.helpers.relay import IS_PORTABLE, RunningRelay, running_relay
from tests.helpers.visitors import Visitor, visit

ALL = (UPGRADING, HOST, FORWARDING, PREFIX)
A_DAY = 86_400.0
STRANGER, PLAYER = "127.1.0.66", "127.1.0.1"
"""Each test's clients come from addresses of their own, which nginx sees."""


@pytest.fixture(params=[False, True], ids=["direct", "portable"])
def is_portable(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@asynccontextmanager
async def behind(
    *lines: str, is_portable: bool = IS_PORTABLE, **settings: Any
) -> AsyncIterator[tuple[RunningRelay, Proxy]]:
    """Run a relay with these settings behind an nginx with these lines."""
    chosen = Settings(**{**PATIENT, **settings})
    async with running_relay(chosen, is_portable=is_portable) as relay:
        with nginx_before(relay.listener.port, *lines) as nginx:
            yield relay, nginx


def link(
    proxy: Proxy, room: str, address: str = PLAYER, *, origin: str | None = None, **said: str
) -> connect:
    """Open a WebSocket from an address of this machine."""
    return connect(
        proxy.link_url(room),
        ssl=proxy.trusting,
        local_addr=(address, 0),
        origin=origin,  # type: ignore[arg-type] # it names the type of a str
        additional_headers={name.replace("_", "-"): value for name, value in said.items()},
        compression=None,
        open_timeout=PATIENCE,
    )


async def enters(link: ClientConnection, **options: Any) -> int:
    """Say HELLO. Returns: 0 once live, or the code with which the relay closed."""
    try:
        await link.send(encode(Hello(1, HelloOptions(**options))))
        while True:
            message = await asyncio.wait_for(link.recv(), PATIENCE)
            assert isinstance(message, bytes)
            if isinstance(decode(message, Role.RELAY), Live):
                return 0
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


async def refusal(nginx: Proxy, **said: Any) -> int:
    """Return the HTTP status with which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with link(nginx, "DEN", **said):
            pass
    return refused.value.response.status_code


def refused(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if line.startswith("refused a request")]


# Who is counted.


async def test_two_hundred_players_and_more_get_in_and_each_address_has_its_limit(
    is_portable: bool,
) -> None:
    limits: dict[str, Any] = {"connections_per_address": 45, "limit_loopback": True}
    async with (
        behind(*ALL, is_portable=is_portable, trusted_proxies=(BINDS,), **limits) as (relay, nginx),
        AsyncExitStack() as stack,
    ):
        players: list[ClientConnection] = []

        async def comes(number: int) -> int:
            room, address = f"ROOM{number % 11}", f"127.1.0.{number % 5 + 1}"
            player = await stack.enter_async_context(link(nginx, room, address))
            players.append(player)
            return await enters(player)

        for first in range(0, 220, 20):
            assert await asyncio.gather(*map(comes, range(first, first + 20))) == [0] * 20
        assert len(relay.node.connections) == 220
        found = Counter(each.address for each in relay.node.connections.values())
        assert found == {f"127.1.0.{number}{THROUGH}": 44 for number in range(1, 6)}
        codes = []
        for _ in range(3):
            one = await stack.enter_async_context(link(nginx, "MORE", PLAYER))
            codes.append(await enters(one))
        assert codes == [0, 4004, 4004]
        other = await stack.enter_async_context(link(nginx, "MORE", STRANGER))
        assert await enters(other) == 0
        for player in players:  # nginx takes a while over each goodbye
            player.transport.abort()


async def test_wrong_passwords_of_a_stranger_lock_out_that_stranger_alone(
    is_portable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MINUTE", A_DAY)  # or a slow machine has tries again meanwhile
    async with (
        behind(*ALL, is_portable=is_portable, trusted_proxies=(BINDS,)) as (_, nginx),
        link(nginx, "DEN") as maker,
    ):
        assert await enters(maker, create=RoomOptions(password="right")) == 0
        wrong = []
        for _ in range(6):
            async with link(nginx, "DEN", STRANGER) as stranger:
                wrong.append(await enters(stranger, password="wrong"))
        assert wrong == [4506] * 5 + [4003]
        async with link(nginx, "DEN", STRANGER) as stranger:
            assert await enters(stranger, password="right") == 4003
        async with link(nginx, "DEN", "127.1.0.2") as player:
            assert await enters(player, password="right") == 0


async def test_what_a_stranger_writes_into_the_headers_is_not_believed(is_portable: bool) -> None:
    said = {"X_Forwarded_For": "9.9.9.9, 127.0.0.1", "X_Forwarded_Host": "evil.example"}
    async with behind(*ALL, is_portable=is_portable, trusted_proxies=(BINDS,)) as (relay, nginx):
        async with link(nginx, "DEN", STRANGER, **said) as stranger:
            assert await enters(stranger) == 0
            (connection,) = relay.node.connections.values()
            assert connection.address == f"{STRANGER}{THROUGH}"
        # nginx passes this one on as it is, though it comes from the stranger.
        async with link(nginx, "DEN", STRANGER, Forwarded="for=9.9.9.9") as stranger:
            assert await enters(stranger) == 0
            assert f"{BINDS}{THROUGH}" in {each.address for each in relay.node.connections.values()}


async def test_joins_and_requests_count_for_the_client(is_portable: bool) -> None:
    limits: dict[str, Any] = {"joins_per_second": 0.001, "joins_burst": 2}
    limits |= {"requests_per_second": 0.001, "requests_burst": 4}
    async with behind(*ALL, is_portable=is_portable, trusted_proxies=(BINDS,), **limits) as (
        _,
        nginx,
    ):
        codes = []
        for _ in range(3):
            async with link(nginx, "DEN", STRANGER) as stranger:
                codes.append(await enters(stranger))
        assert codes == [0, 0, 4003]
        assert [await asked(nginx, STRANGER) for _ in range(2)] == [200, 429]
        for number in range(6):
            assert await asked(nginx, f"127.1.1.{number}") == 200
        async with link(nginx, "DEN") as player:
            assert await enters(player) == 0


async def asked(nginx: Proxy, address: str) -> int:
    """Ask for the relay's health from an address. Returns: the status."""
    transport = httpx.AsyncHTTPTransport(verify=nginx.trusting, local_address=address)
    async with httpx.AsyncClient(transport=transport) as http:
        return (await http.get(f"{nginx.url}/healthz")).status_code


async def test_the_log_names_the_client(caplog: pytest.LogCaptureFixture) -> None:
    async with behind(*ALL, trusted_proxies=(BINDS,)) as (_, nginx):
        assert await refusal(nginx, address=STRANGER, origin="https://evil.example") == 403
        assert refused(caplog)[0].startswith(f"refused a request from {STRANGER}")
        assert "--origin https://evil.example allows it" in refused(caplog)[0]


# Where it is.


@pytest.mark.parametrize(
    ("lines", "settings", "root"),
    [
        (ALL, {"trusted_proxies": (BINDS,)}, "/rt"),
        ((UPGRADING, HOST), {"root_path": "/rt"}, "/rt"),
        ((UPGRADING, HOST), {}, ""),
    ],
    ids=["prefix of a trusted proxy", "root path", "nothing said"],
)
async def test_page_rest_and_links_work_below_a_path(
    lines: tuple[str, ...], settings: dict[str, Any], root: str, tabs: Tabs
) -> None:
    async with behind(*lines, **settings) as (_, nginx), tabs.closed_first():
        async with httpx.AsyncClient(verify=nginx.trusting) as http:
            origin = {"Origin": f"https://127.0.0.1:{nginx.port}"}
            made = await http.post(f"{nginx.url}/api/rooms", json={"name": "den"}, headers=origin)
            assert made.status_code == 201
            assert made.json()["url"] == f"{root}/r/DEN"
            assert made.url.join(made.headers["location"]).path == "/rt/api/rooms/DEN"
        ann = await visit(tabs, f"{nginx.url}/r/DEN", "Ann")
        invite = ann.page.url
        bob = await visit(tabs, invite, "Bob")
        await bob.says("through nginx")
        await ann.reads("through nginx")
        async with link(nginx, "DEN", origin=f"https://127.0.0.1:{nginx.port}") as player:
            assert await enters(player) == 0


async def test_a_page_of_the_relays_name_is_its_own_behind_a_proxy() -> None:
    """With a Host that nginx has rewritten, too, where X-Forwarded-Host says what it was."""
    for lines in (ALL, (UPGRADING, FORWARDING)):
        async with (
            behind(*lines, trusted_proxies=(BINDS,), names=("game.example",)) as (_, nginx),
            connect(
                f"wss://game.example:{nginx.port}/rt/r/DEN",
                ssl=nginx.trusting,
                host="127.0.0.1",
                port=nginx.port,
                origin=f"https://game.example:{nginx.port}",  # type: ignore[arg-type]
            ) as player,
        ):
            assert await enters(player) == 0


# What it spoils.


async def test_an_nginx_that_eats_the_upgrade_is_told_what_to_pass_on(
    is_portable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with behind(is_portable=is_portable) as (_, nginx):
        with pytest.raises(InvalidStatus) as eaten:
            async with link(nginx, "DEN"):
                pass
    response = eaten.value.response
    assert response.status_code == 426
    assert b"must pass on the headers Upgrade and Connection" in bytes(response.body or b"")
    (line,) = refused(caplog)
    assert "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade" in line


async def test_a_page_names_the_nginx_that_eats_the_upgrade(tabs: Tabs) -> None:
    tabs.expected = ("WebSocket connection to", "Failed to load resource")
    async with behind(HOST) as (_, nginx), tabs.closed_first():
        ann = Visitor(await tabs.open(f"{nginx.url}/r/DEN"))
        await ann.answers("Ann")
        await ann.page.wait_for_selector("#suspect-title >> text=No WebSocket opens")
        assert "Upgrade $http_upgrade" in await ann.page.inner_text("#suspect-lines")


@pytest.mark.parametrize(
    ("lines", "lack"),
    [
        (
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;",
            "HTTP/1.0",
        ),
        ("proxy_http_version 1.1; proxy_set_header Connection upgrade;", "without Upgrade"),
        ("proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;", "without Connection"),
    ],
)
async def test_so_it_is_where_one_of_three_lines_is_missing(
    lines: str, lack: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with behind(lines) as (_, nginx):
        assert await refusal(nginx) == 426
    assert lack in refused(caplog)[0]


@pytest.mark.parametrize("name", ["127.0.0.1", "upstream.example"])
async def test_a_host_that_nginx_has_rewritten_is_named(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    rewriting = f"proxy_set_header Host {name};"
    async with behind(UPGRADING, rewriting) as (_, nginx):
        assert await refusal(nginx, origin="https://game.example") == 403
    (line,) = refused(caplog)
    assert f"as Host is {name} (if that page is this relay's, a proxy has rewritten Host" in line
    assert "--origin https://game.example" in line or "--name upstream.example" in line
