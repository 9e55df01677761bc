"""`relay fuzz`, and somebody who presses Ctrl+C."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds for what is sure to come


def interrupted(is_time: Callable[[], bool], *options: object) -> tuple[int, str]:
    """Press Ctrl+C once it is time. Returns: the exit status, and all that was said."""
    command = [sys.executable, "-m", "relay", "fuzz", *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until = time.monotonic() + PATIENCE
    while not is_time() and process.poll() is None:
        assert time.monotonic() < until, shlex.join(command)
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, told
