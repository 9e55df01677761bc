"""Runs the case files of the Autobahn suite against uvicorn with a WebSocket class of choice."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kosoku import FailureError, run_fuzzingclient

CASES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*")
"""All but compression, which the relay never agrees to."""

LARGEST = 32 << 20  # bytes of a message; the suite sends up to half of it
EXCUSED = frozenset({"7.1.5"})
"""A close within a fragmented message: the `websockets` library takes it for a fault."""

MOST_NOT_STRICT = 12
"""Cases with behaviour that the standard allows and the suite would have otherwise."""

START_SECONDS = 60.0
UNACCEPTABLE = ("FAILED", "ERROR", "UNIMPLEMENTED", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each case: how it behaved, and how it closed."""

    cases: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def behaviours(self) -> Counter[str]:
        """Count the cases of each behaviour."""
        return Counter(behaviour for behaviour, _ in self.cases.values())

    @property
    def closes(self) -> Counter[str]:
        """Count the cases of each way to close."""
        return Counter(close for _, close in self.cases.values())

    @property
    def failed(self) -> list[str]:
        """Name the cases that nothing excuses."""
        return [
            case
            for case, verdicts in self.cases.items()
            if case not in EXCUSED and any(verdict in UNACCEPTABLE for verdict in verdicts)
        ]

    @property
    def not_strict(self) -> int:
        """Count the cases of behaviour that is not strict.

        It leaves a message before a fault without an answer, or notices invalid UTF-8 only at the
        end of a message. Where a class reads ahead of its app, the first depends on who is quicker:
        a busy machine has more of it.
        """
        return self.behaviours["NON-STRICT"]

    @property
    def holds(self) -> bool:
        """Say whether the class passes."""
        return bool(self.cases) and not self.failed and self.not_strict <= MOST_NOT_STRICT


async def run(ws: str, cases: Sequence[str] = CASES, *, parallel: int = 1) -> Report:
    """Judge a WebSocket class.

    Args:
        ws: as for `uvicorn --ws`. cases: names or patterns, as in 6.*.
        parallel: cases at a time; with more than one, times say nothing.
    """
    with echo_server(ws) as url:
        try:
            results: list[Any] = await run_fuzzingclient(url, cases, concurrency=parallel)
        except FailureError as failure:
            results = failure.results
    verdicts = {
        result.case_id: (result.behavior.value, result.behavior_close.value) for result in results
    }
    return Report(verdicts)


@contextmanager
def echo_server(ws: str) -> Iterator[str]:
    """Serve the echo app as users would, in a process of its own. Returns: its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "tests.conformance.echo:app", "--ws", ws]
    options = f"--port {port} --ws-max-size {LARGEST} --lifespan off --log-level critical"
    process = subprocess.Popen([*command, *options.split(), "--ws-per-message-deflate", "false"])
    with process:
        try:
            _wait_for(process, port)
            yield f"ws://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"uvicorn does not listen on port {port}")
