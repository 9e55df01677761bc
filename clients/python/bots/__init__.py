"""Bots: players that a program plays, many in one process, and `relay bots`, which plays them.

A script is a subclass of `Bot` (`kit`). The `loader` finds it by name or file, a `swarm` plays many
in one event loop, and a `report` says what became of them. `scripts` holds those that come along.
"""

from clients.python.bots.kit import Bot, bot

__all__ = ["Bot", "bot"]
