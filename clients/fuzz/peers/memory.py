"""How much memory a process takes, and whose process serves a port of this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from clients.fuzz.peers.faults import Fault

WARM_UP: Final = 20
"""Conversations after which a process has what it needs."""

LISTENS: Final = "0A"


class Memory:
    """Watches a process grow."""

    def __init__(self, most_mib: float) -> None:
        """Args: most_mib: by how much it may grow once it is warm, in MiB."""
        self._most = most_mib
        self._pid: int | None = None
        self._measured = 0
        self._warm = 0.0

    def check(self, pid: int | None) -> None:
        """Measure, after a conversation.

        Raises:
            Fault: the process has grown too much since it was warm.
        """
        mib = resident_mib(pid)
        if mib is None:
            return
        if pid != self._pid:
            self._pid, self._measured = pid, 0
        self._measured += 1
        if self._measured <= WARM_UP:
            self._warm = mib
        elif mib > self._warm + self._most:
            raise Fault("memory", f"at most {self._warm + self._most:.0f} MiB", f"{mib:.0f} MiB")


def resident_mib(pid: int | None) -> float | None:
    """Return a process's resident memory; None where it cannot be known."""
    if pid is None:
        return None
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else None
    except OSError:
        return told_by_ps(pid)


def told_by_ps(pid: int) -> float | None:
    """Ask `ps`, where there is no /proc."""
    try:
        done = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return int(done.stdout) / 1024 if done.stdout.strip().isdigit() else None


def server_of(port: int) -> int | None:
    """Return the process that listens on a port of this machine; None where it cannot be known."""
    sockets = {f"socket:[{inode}]" for inode in listening(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            if str(link.readlink()) in sockets:
                return int(link.parts[2])
        except OSError:
            continue  # it is gone, or not ours to look at
    return None


def listening(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on a port."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[1].endswith(f":{port:04X}") and words[3] == LISTENS:
                found.add(words[9])
    return found
