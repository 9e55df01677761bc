"""Comets, the game of the room page: everyone steers a comet, collects orbs, pushes others about.

What the players say to each other::

    VOLATILE key 0   [x, y, vx, vy]   where my comet is in 1600 x 900, and its units a second
    VOLATILE key 1   ms               my round trip to the relay
    SEND to others   {"t": "pop"}                    my comet pulses, and pushes those near it away
    SEND to everyone {"t": "say", "text": "hello"}   a line of chat
    SEND to the host {"t": "grab", "orb": 7}         I touch orb 7
    SEND by the host, to everyone:
                     {"t": "orbs", "orbs": [[7, 120.5, 300], ...], "scores": {"1": 3, ...}}

Nothing here does I/O: time and chance are arguments, and what the game wants to send are `wishes`.
So a bot, a window and a test play by the same rules. `Game` is the game, as one player sees it.
"""

from roomwire.comets.arena import HEIGHT, POP_REACH, REACH, WIDTH, Comet, Orb, Point
from roomwire.comets.game import Game
from roomwire.comets.referee import Wish

__all__ = [
    "HEIGHT",
    "POP_REACH",
    "REACH",
    "WIDTH",
    "Comet",
    "Game",
    "Orb",
    "Point",
    "Wish",
]
