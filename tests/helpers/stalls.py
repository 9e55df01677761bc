"""Plays a test again that failed while the machine stood still.

A machine that several share may run nothing of ours for seconds. What a test waits for comes too
late then, and its failure says nothing of the code. So a thread sees how late it is woken. A
failure beside a stall counts only if it comes again. The summary names the longest stall.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Final

import pytest

LONG: Final = 0.5
"""Seconds. Among 23 busy processes on two cores, the thread is woken 0.42 s late at most."""
TRIES: Final = 3
_LOOK_SECONDS: Final = 0.02


class Watch:
    """Knows the longest stall, of one test and of all."""

    def __init__(self) -> None:
        self.in_test = self.of_all = 0.0
        self._woken = time.monotonic()
        threading.Thread(target=self._look, name="stalls", daemon=True).start()

    def begin(self) -> None:
        self.in_test = 0.0

    def saw_one(self) -> bool:
        """Say whether the machine stood still during the test, or has only just gone on."""
        return max(self.in_test, self._late()) >= LONG

    def _late(self) -> float:
        return time.monotonic() - self._woken - _LOOK_SECONDS

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            late = self._late()
            self._woken = time.monotonic()
            self.in_test, self.of_all = max(self.in_test, late), max(self.of_all, late)


class Stalls:
    """The plugin: one in each process that runs tests, and in the one that hands them out."""

    def __init__(self) -> None:
        self.watch = Watch()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        again = pytest.mark.flaky(reruns=TRIES - 1, condition=self.watch.saw_one)
        for item in items:
            item.add_marker(again)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self.watch.begin()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if (said := getattr(session.config, "workeroutput", None)) is not None:
            said["stall"] = self.watch.of_all

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        said = getattr(node, "workeroutput", {}).get("stall", 0.0)
        self.watch.of_all = max(self.watch.of_all, said)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        longest = self.watch.of_all
        terminalreporter.write_line(f"the machine stood still for {longest:.2f} s at most")


@pytest.hookimpl(trylast=True)  # after pytest-rerunfailures has made its connection
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Stalls(), "stalls")
    if hasattr(config, "workerinput"):
        # Each test writes two short lines there. Else the second waits 40 ms for an
        # acknowledgement of the first.
        connection: socket.socket = config.failures_db.sock  # type: ignore[attr-defined]  # the plugin adds it
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
