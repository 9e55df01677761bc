"""A relay with a short memory: `python -m tests.chaos.forgetful serve --port 0`.

History is trimmed so soon that whoever is cut off for a moment may come back too late for a resume.
"""

from __future__ import annotations

from functools import partial

from relay import cli, room
from relay.log import Log

FRAMES = 150


def main() -> None:
    room.Log = partial(Log, max_frames=FRAMES)  # type: ignore[attr-defined, assignment]
    cli.main()


if __name__ == "__main__":
    main()
