"""An operator, as a test drives them: REST with the token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx


class Operator:
    """Asks a relay for things, and expects them to be done unless a test says otherwise."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def asks(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """Ask below /api/rooms. Returns: the answer, as JSON."""
        answer = await self.http.request(method, f"/api/rooms{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def players(self, room: str) -> dict[int, Any]:
        """Return the overviews of a room's players, by number."""
        answer = await self.asks("GET", f"/{room}/players")
        return {each["player"]: each for each in answer["players"]}

    async def why(self, room: str, player: int) -> dict[str, Any]:
        """Return the reasons why a player sees nothing, by their words."""
        answer = await self.asks("GET", f"/{room}/players/{player}/why")
        return {each["reason"]: each for each in answer["reasons"]}


@asynccontextmanager
async def operator_at(url: str, token: str) -> AsyncIterator[Operator]:
    """Let an operator ask a relay."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
        yield Operator(http)
