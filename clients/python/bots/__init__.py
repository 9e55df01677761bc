"""Bots: players that a program plays, many in one process, and `relay bots`, which plays them.

A script is a subclass of `Bot` (`kit`). The `loader` finds it by name or file. A `swarm` plays many
bots in one event loop, and a `report` sums up the run. `scripts` holds the ready-made ones.
"""

from clients.python.bots.kit import Bot, bot

__all__ = ["Bot", "bot"]
