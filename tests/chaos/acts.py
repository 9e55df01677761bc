"""What a player does in its turn, drawn from the room's random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from protocol.fields.field_types import Target
from protocol.frames import PresenceState
from tests.chaos.player import NOBODY, Player

GROUPS = (1, 2, 255)
KEYS = ("red", "blue")


async def act(player: Player, random: Random, sizes: Sequence[int]) -> None:
    """Do one thing. Waits while the player's window is full.

    Args: sizes: bytes of filler in a frame, from least to most.
    """
    match random.choices(WHAT, WEIGHTS)[0]:
        case "send":
            await player.send(_target(player, random), random.choice(sizes))
        case "volatile":
            await player.volatile(random.randrange(3))
        case "subscribe":
            await _toggle(player, random.choice(GROUPS))
        case "set":
            await player.set_property(random.choice(KEYS))
        case "claim":
            await player.set_property(random.choice(KEYS), expected=0)
        case "transfer" if player.others:
            await player.transfer(random.choice(sorted(player.others)))
        case "kick" if player.others:
            await player.kick(random.choice(sorted(player.others)))
        case "reload":
            player.reload()
        case "look away":
            await player.presence(random.choice((PresenceState.HERE, PresenceState.AWAY)))


CHANCES = {
    "send": 70,
    "volatile": 15,
    "subscribe": 6,
    "set": 3,
    "claim": 2,
    "transfer": 3,
    "look away": 1,
    "kick": 0.3,
    "reload": 0.5,
}
WHAT, WEIGHTS = list(CHANCES), list(CHANCES.values())


async def _toggle(player: Player, group: int) -> None:
    if group in player.groups:
        await player.subscribe(remove={group})
    else:
        await player.subscribe(add={group})


def _target(player: Player, random: Random) -> Target:
    others = sorted(player.others) or [player.me]
    some = random.sample(others, random.randint(0, len(others)))
    one, group = random.choice(others), random.choice(GROUPS)
    often: list[Target] = [None, None, True, True, 0, one, tuple(some), -group]
    return random.choice(often) if random.random() < 0.95 else random.choice((player.me, NOBODY))
