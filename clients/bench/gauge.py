"""Measures the CPU and memory of a server's process on this machine."""

from __future__ import annotations

from typing import NamedTuple

import psutil


class Use(NamedTuple):
    """What one process has used so far, all its threads together."""

    cpu: float
    """Seconds."""
    memory: int
    """Resident bytes."""


class Gauge:
    """Reads one process."""

    def __init__(self, pid: int) -> None:
        """Raises: ValueError: there is no such process."""
        try:
            self._process = psutil.Process(pid)
        except psutil.Error as error:
            raise ValueError(f"no process {pid} runs here") from error
        self.pid = pid

    def read(self) -> Use | None:
        """Return its usage; None if it is gone, or belongs to another user."""
        try:
            times = self._process.cpu_times()
            return Use(times.user + times.system, self._process.memory_info().rss)
        except psutil.Error:
            return None


def listener(port: int) -> int | None:
    """Return the process that listens on a port of this machine, if the system tells us."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    listening = (each for each in found if each.status == psutil.CONN_LISTEN)
    return next((each.pid for each in listening if each.laddr[1:] == (port,) and each.pid), None)
