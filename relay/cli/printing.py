"""Lines for a person. A closed terminal or a full disk costs the line, and nothing else."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO


def say(text: str) -> None:
    """Print to the standard output, at once."""
    _say(text, sys.stdout)


def complain(text: str) -> None:
    """Print to the standard error stream."""
    _say(text, sys.stderr)


def let_go() -> None:
    """Give up what could not be printed: Python would end with an error of its own about it."""
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)


def _say(text: str, stream: TextIO | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(text, file=stream)
    _flush(stream)


def _flush(stream: TextIO | None) -> None:
    """Print what a stream still holds, or let it go to nowhere."""
    if stream is None:  # it was closed before Python began
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()
