"""How much memory there is for this process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

UNKNOWN = 2 * 1024**3
"""Bytes that are assumed where the system does not say."""

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
STATM = Path("/proc/self/statm")


def memory(groups: Path = CGROUPS, own: Path = OWN) -> int:
    """Return the bytes of the machine, or of the cgroup that bounds this process if it has less.

    Args: groups: where cgroups are mounted. own: says in which of them this process is.
    """
    return min([_installed(), *_limits(groups, own)])


def cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resident() -> int:
    """Return the bytes that this process has in memory; 0 where the system does not say."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _installed() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN


def _limits(groups: Path, own: Path) -> Iterator[int]:
    """Yield the limits of all cgroups around this process, of version 1 and 2."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _limits_above(groups, path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _limits_above(groups / "memory", path, "memory.limit_in_bytes")


def _limits_above(root: Path, path: str, name: str) -> Iterator[int]:
    # Within a container the path may be one of the host, and only the root be there.
    group = root / path.lstrip("/")
    for each in (group, *group.parents):
        with contextlib.suppress(OSError, ValueError):  # it says "max", or is not there
            yield int((each / name).read_text())
        if each == root:
            return
