"""Load balancers ask for the health by an address, an old HTTP, or whatever name they like."""

from __future__ import annotations

import asyncio

import pytest

from tests.helpers.relay import running_relay


@pytest.mark.parametrize(
    ("path", "host", "version", "status"),
    [
        ("/healthz", "evil.example", "1.1", 200),
        ("/healthz", "evil.example", "1.0", 200),
        ("/healthz", None, "1.0", 200),
        ("/healthz/", None, "1.0", 200),
        ("/healthz", "no host at all", "1.1", 200),
        ("/healthz?x=1", "", "1.0", 200),
        ("/healthzz", "evil.example", "1.1", 403),
        ("/api/relay", None, "1.0", 403),
    ],
)
async def test_health_is_told_whatever_the_host(
    path: str, host: str | None, version: str, status: int
) -> None:
    async with running_relay() as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.listener.port)
        named = "" if host is None else f"Host: {host}\r\n"
        writer.write(f"GET {path} HTTP/{version}\r\n{named}Connection: close\r\n\r\n".encode())
        async with asyncio.timeout(10):
            answer = (await reader.read()).decode()
        writer.close()
    assert int(answer.split(" ")[1]) == status
    assert ('{"status": "ok"}' in answer) is (status == 200)
