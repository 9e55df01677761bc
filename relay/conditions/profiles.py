"""Networks by name. The numbers are for one direction; a round trip has them twice.

They are rough figures for such networks. Before you decide by them, measure your players' networks,
and use numbers of your own.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from relay.conditions.conditions import Conditions

PROFILES: Final[Mapping[str, Conditions]] = {
    each.name: each
    for each in (
        # A cable and a switch: well below 1 ms, and more than any game sends.
        Conditions(name="lan", lag_ms=0.3, jitter_ms=0.3, bytes_per_second=12_500_000),
        # A home's own radio, and a line of 20 Mbit/s to a server in the same country. Radio frames
        # that collide are sent again: hence the jitter, and some loss.
        Conditions(name="wifi", lag_ms=15, jitter_ms=15, bytes_per_second=2_500_000, loss=0.005),
        # Many people share the train's modem, which changes its cell every few minutes, and goes
        # through a tunnel or a gap for some seconds. The old connection then often is dead.
        Conditions(
            name="train-wifi",
            lag_ms=60,
            jitter_ms=120,
            bytes_per_second=125_000,
            stall_every_s=20,
            stall_s=2.5,
            cut_every_s=90,
            loss=0.03,
            reordering=0.01,
        ),
        # HSPA at the middle of a cell: some 1.6 Mbit/s, and 200 to 300 ms for a round trip.
        Conditions(name="mobile-3g", lag_ms=100, jitter_ms=50, bytes_per_second=200_000, loss=0.01),
        # One weak line for all rooms in the evening: 0.5 Mbit/s for each, and queues in its router.
        Conditions(
            name="hotel",
            lag_ms=40,
            jitter_ms=80,
            bytes_per_second=62_500,
            stall_every_s=15,
            stall_s=1,
            loss=0.01,
        ),
        # To the geostationary orbit and back is 72,000 km: 240 ms at the speed of light, and some
        # for turns at the modem. It carries 10 Mbit/s.
        Conditions(
            name="satellite",
            lag_ms=260,
            jitter_ms=30,
            bytes_per_second=1_250_000,
            loss=0.005,
        ),
    )
}


def profile(name: str) -> Conditions:
    """Return the conditions of a profile.

    Raises:
        ValueError: there is none of this name.
    """
    found = PROFILES.get(name)
    if found is None:
        near = get_close_matches(name, PROFILES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(PROFILES)}"
        raise ValueError(f"no profile {name[:32]!r}; {hint}")
    return found
