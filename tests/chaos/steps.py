"""What happens in a perfect room, as a test draws it."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.chaos.journal import Journal
from tests.chaos.perfect import PerfectRoom

Steps = list[tuple[str, int, object]]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["send"] * 8
            + ["join", "leave", "cut", "resume", "subscribe", "transfer", "nonsense", "trim"]
        ),
        st.integers(0, 7),
        st.sampled_from([None, True, 0, 1, 2, 3, (1, 2), (2, 3, 4), (), -1, -2]),
    ),
    max_size=60,
)


def play(
    steps: Steps,
    *,
    crash_at: int | None = None,
    has_history: bool = False,
    remembers: int | None = None,
) -> list[Journal]:
    """Return the journals of a perfect room in which these steps happened."""
    room = PerfectRoom(has_history=has_history, remembers=remembers)
    for _ in range(3):
        room.join()
    for index, (what, who, detail) in enumerate(steps):
        if index == crash_at:
            room.crash()
        if not room.members:
            room.join()
        _step(room, what, who, detail)
    return room.finish()


def _step(room: PerfectRoom, what: str, who: int, detail: object) -> None:
    member = room.members[who % len(room.members)]
    match what:
        case "join":
            room.join()
        case "send":
            room.send(member, detail)  # type: ignore[arg-type]
        case "nonsense":
            room.send_nonsense(member)
        case "subscribe":
            room.subscribe(member, 1 + who % 2)
        case _:
            getattr(room, what)(member)
