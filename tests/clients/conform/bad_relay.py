"""The command `relay` with a bug, so that the suite can be seen to find it.

BUG="takes deeper frames" python -m tests.clients.conform.bad_relay serve --port 8000
"""

from __future__ import annotations

import os
from collections.abc import Callable

from protocol import limits
from protocol.close_codes import CloseCode


def _acknowledge_late() -> None:
    limits.ACK_FRAMES = 64


def _take_deeper_frames() -> None:
    limits.MAX_DEPTH = 17


def _shout_reasons() -> None:
    CloseCode.reason = property(lambda code: code.name)  # type: ignore[assignment, method-assign]


BUGS: dict[str, tuple[str, Callable[[], None]]] = {
    "acknowledges late": ("13.3", _acknowledge_late),
    "takes deeper frames": ("3.3.3.6", _take_deeper_frames),
    "shouts its reasons": ("8.3", _shout_reasons),
}
"""Bugs by what they do: the rule that each breaks, and how it is made."""

if __name__ == "__main__":
    BUGS[os.environ["BUG"]][1]()
    from relay.cli.main import main  # which is to find the bug in place

    main()
