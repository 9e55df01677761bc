"""Prints lines for a person. If the terminal is closed or the disk full, only the line is lost."""

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


def is_terminal() -> bool:
    """Say whether the standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def let_go() -> None:
    """Drop what could not be printed. Otherwise Python would exit with an error about it."""
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)


def _say(text: str, stream: TextIO | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(text, file=stream)
    _flush(stream)


def _flush(stream: TextIO | None) -> None:
    """Print what a stream still holds, or drop it."""
    if stream is None:  # the stream was closed before Python started
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()
