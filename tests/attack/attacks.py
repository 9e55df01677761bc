"""Every attack at two scales: the one that is measured, and a quick one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.attack import crowd, doors, entering, filling, floods, kept, rest, slow, spoofs
from tests.attack.stage import Scale
from tests.attack.verdict import Row

ATTACKS: dict[str, Callable[[Scale], Awaitable[Row]]] = {
    "S1": slow.s1,
    "S2": slow.s2,
    "S3": slow.s3,
    "S4": slow.s4,
    "S5": slow.s5,
    "F1": floods.f1,
    "F2": floods.f2,
    "F3": floods.f3,
    "F4": floods.f4,
    "F5": floods.f5,
    "F6": floods.f6,
    "F7": floods.f7,
    "F8": floods.f8,
    "H1": doors.h1,
    "H2": doors.h2,
    "H4": doors.h4,
    "H8": doors.h8,
    "H10": crowd.h10,
    "P1": crowd.p1,
    "B1": spoofs.b1,
    "C1": rest.c1,
    "C2": filling.c2,
    "C3": filling.c3,
    "C4J": filling.c4_joins,
    "C4L": rest.c4_lists,
    "C4M": rest.c4_matches,
    "C4P": rest.c4_passwords,
    "C4R": rest.c4_rooms,
    "C5": entering.c5,
    "C6": kept.c6,
    "C7C": spoofs.c7_chunks,
    "C7I": spoofs.c7_site,
    "C7K": entering.c7_kicks,
    "C7L": filling.c7_logs,
    "C7R": rest.c7_rest,
}

FULL = {
    "S1": Scale(100, 10),
    "S2": Scale(seconds=10),
    "S3": Scale(options=("--ping-seconds", "2", "--ping-timeout", "2")),
    "S4": Scale(seconds=4),
    "S5": Scale(50, 1, ("--drain-seconds", "2")),
    "F1": Scale(5, 5),
    "F2": Scale(5, 5),
    "F3": Scale(20),
    "F4": Scale(100, 2),
    "F5": Scale(seconds=5),
    "F6": Scale(seconds=8),
    "F7": Scale(300, 5),
    "F8": Scale(2000),
    "H1": Scale(1000),
    "H2": Scale(),
    "H4": Scale(1000, 4),
    "H8": Scale(500, 4),
    "H10": Scale(10_000, 25),
    "P1": Scale(10_000),
    "B1": Scale(seconds=5),
    "C1": Scale(seconds=5),
    "C2": Scale(500, 5),
    "C3": Scale(100, 5),
    "C4J": Scale(100, 5),
    "C4L": Scale(10_000, 5),
    "C4M": Scale(10_000, 5),
    "C4P": Scale(seconds=5),
    "C4R": Scale(2, 50, ("--max-rooms", "300")),
    "C5": Scale(100, 5),
    "C6": Scale(1_000_000),
    "C7C": Scale(1000, 2),
    "C7I": Scale(seconds=5),
    "C7K": Scale(seconds=10),
    "C7L": Scale(9_900, 5),
    "C7R": Scale(),
}

NO_PINGS = ("--ping-seconds", "never")
"""With these, a relay cuts clients off only for slow reading, and not for unanswered pings."""
ONLY_FLOODS = ("--slow-seconds", "never", *NO_PINGS)
"""With these, a relay cuts clients off only for what they send, and not for slow reading."""

SMALL = {
    # Long enough: if anything were kept for stuck players, it would exceed the bound.
    "S1": Scale(10, 0.5, ("--slow-seconds", "3", *NO_PINGS)),
    "S2": Scale(seconds=0.5, options=("--slow-seconds", "0.5", *NO_PINGS)),
    # Time enough to answer pings on any machine.
    "S3": Scale(options=("--ping-seconds", "0.5", "--ping-timeout", "3")),
    "S4": Scale(seconds=0.5, options=ONLY_FLOODS),
    "S5": Scale(5, 1, ("--drain-seconds", "0.5")),
    "F1": Scale(seconds=0.5, options=ONLY_FLOODS),
    "F2": Scale(seconds=0.5, options=ONLY_FLOODS),
    "F3": Scale(5),
    "F4": Scale(100, 0.5),
    "F5": Scale(seconds=1),
    "F6": Scale(seconds=1),
    "F7": Scale(20, 0.5),
    "F8": Scale(300),
    "H1": Scale(1000),  # with fewer, what the relay takes once for all weighs most
    "H2": Scale(),
    "H4": Scale(400, 0.5),
    "H8": Scale(300, 0.5),
    "H10": Scale(500, 1, ("--ping-seconds", "0.5")),
    "B1": Scale(seconds=0.5),
    "C1": Scale(seconds=0.5),
    "C2": Scale(30, 0.3),
    "C3": Scale(1, 0.1),
    "C4J": Scale(5, 0.3),
    "C4L": Scale(200, 0.5),
    "C4M": Scale(50, 0.5),
    "C4P": Scale(seconds=1),
    "C4R": Scale(3, 1, ("--max-rooms", "30", "--rooms-per-address", "8")),
    # Long enough that those who send frames are cut for these, and not because time is up.
    "C5": Scale(4, 0.3, ("--admit-seconds", "4")),
    "C6": Scale(8_000),
    "C7C": Scale(50, 0.3),
    # A whole site may make fewer rooms than it can ask for in half a second.
    "C7I": Scale(seconds=0.5, options=("--rooms-burst", "1", "--rooms-per-second", "0.1")),
    "C7K": Scale(seconds=0.5),
    "C7L": Scale(100, 0.3),
    "C7R": Scale(),
}
"""The quick scale, for bounds that hold on any machine. P1 is in the test of restarts."""
