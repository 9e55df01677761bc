"""A bot of my-game. It knows the rules, as it may become host."""

from contextlib import suppress
from typing import Any

from roomwire import HOST, Bot, Event, HostChanged, Left, Live, Message, RemoteProtocolError


def after(game: Any, player: int, take: Any, players: list[int]) -> dict[str, int] | None:
    """Return the game after a player's move, or None if the rules forbid it."""
    if game and take == game["sticks"] == 0:
        return {"sticks": 21, "turn": player}
    if not game or player != game["turn"] or take not in (1, 2, 3) or take > game["sticks"]:
        return None
    later = [number for number in players if number > player]
    return {"sticks": game["sticks"] - take, "turn": (later or players)[0], "last": player}


class Taker(Bot):
    """Takes as many sticks as chance says."""

    hz = 1

    async def on_tick(self, dt: float) -> None:
        """Ask the host for a move, if it is this bot's turn."""
        game = self.room.properties.get("game")
        if game and game["sticks"] and game["turn"] == self.room.me:
            take = self.random.randint(1, min(3, game["sticks"]))
            await self.room.send({"take": take}, to=HOST)

    async def on_event(self, event: Event) -> None:
        """Do what the host has to do, as in page/game.js."""
        game, players = self.room.properties.get("game"), sorted(self.room.players)
        following = None
        with suppress(RemoteProtocolError):  # a player may have sent what is no value
            match event:
                case Message(sender=sender, value={"take": take}):
                    following = after(game, sender, take, players)
                case Live() | HostChanged() | Left() if not game or game["turn"] not in players:
                    following = {"sticks": 21, **(game or {}), "turn": players[0]}
        if self.room.is_host and following:
            version = self.room.properties.version("game")
            await self.room.set_property("game", following, expected=version)
