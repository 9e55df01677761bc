"""`relay fuzz`, and somebody who presses Ctrl+C."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PATIENCE = 50.0  # seconds for what is sure to come

LISTENING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("relay", run_name="__main__", alter_sys=True)
"""
"""`python -m relay`. Whoever runs the tests may have told their programs to ignore Ctrl+C."""


def interrupted(is_time: Callable[[], bool], *options: object) -> tuple[int, str]:
    """Press Ctrl+C once it is time. Returns: the exit status, and all that was said."""
    command = [sys.executable, "-c", LISTENING, "fuzz", *map(str, options)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            until = time.monotonic() + PATIENCE
            while not is_time() and process.poll() is None:
                assert time.monotonic() < until, shlex.join(command)
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=PATIENCE)
            return process.returncode, told
        finally:
            process.kill()
