"""`relay serve`, with a profiler from one SIGUSR1 to the next.

Its last lines say where its CPU time went, by package. Small functions look dearer than they are.
"""

from __future__ import annotations

import cProfile
import itertools
import pstats
import re
import signal
import sys
import time
from collections import Counter
from typing import Any

from relay.cli import main as command

PLACES = (
    ("the log and the bus over NATS", r"relay/cluster/nats/"),
    ("nats-py", r"/nats/"),
    ("parcels and replicas", r"relay/cluster/"),
    ("rooms, fan-out and history", r"relay/(room|delivery|history|broker)/"),
    ("links and WebSockets", r"relay/(link|server|node)/|/websockets/"),
    ("the wire's codec", r"protocol/"),
    ("msgpack, hashes and other C code", r"^~$"),
)
"""Where a function is: the first that fits counts."""
OTHERS = "the loop and the rest"


def shares(profile: cProfile.Profile) -> Counter[str]:
    """Return the seconds that were spent in each place."""
    found: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)  # its types do not know of `stats`
    for (path, _, _), (_, _, own, _, _) in stats.stats.items():
        found[_place(path)] += own
    return found


def _place(path: str) -> str:
    return next((name for name, pattern in PLACES if re.search(pattern, path)), OTHERS)


def main() -> None:
    profile = cProfile.Profile(time.process_time)
    turns = itertools.cycle((profile.enable, profile.disable))
    signal.signal(signal.SIGUSR1, lambda number, frame: next(turns)())
    try:
        command.main()
    finally:
        found = shares(profile)
        total = sum(found.values())
        for name, seconds in found.most_common():
            print(f"profile: {seconds / total:5.1%} {name}", file=sys.stderr)
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
