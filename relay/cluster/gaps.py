"""Notices that messages of other nodes may have been lost on their way to this one.

A bus carries messages at most once. Where servers of NATS lose each other, a node stays connected
to its own server, and nothing tells it what it did not hear. So each node sends numbered ticks. A
node that misses a tick may have missed other messages, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from relay.cluster.bus import Bus
from relay.cluster.pulse import FROZEN_SECONDS

TICKS: Final = "ticks"
TICK_BYTES: Final = 8
"""Bytes of a tick's number. Newer versions may add bytes after them."""
SILENT_SECONDS: Final = 1.5
"""Seconds without a tick of a node, after which its messages may be lost."""
MOST_NODES: Final = 1000
"""Nodes that are remembered. Most are gone: a node that starts again has another name."""


class Gaps:
    """Follows the ticks of the other nodes, and ticks for them."""

    def __init__(self, bus: Bus | None, missed: Callable[[], object]) -> None:
        """Args: missed: called when messages of others, or to others, may have been lost."""
        self._bus = bus
        self._missed = missed
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._ticked = self._loop.time()
        self._last: dict[str, tuple[int, float]] = {}
        """The number of each node's last tick, and when it came."""
        self._silent: set[str] = set()
        if bus is not None:
            bus.subscribe(TICKS, self._hear)

    def tick(self) -> None:
        """Call it every `BEAT_SECONDS`."""
        if self._bus is None:
            return
        self._count += 1
        self._bus.publish(TICKS, self._count.to_bytes(TICK_BYTES, "big"))
        now, ticked = self._loop.time(), self._ticked
        self._ticked = now
        if now - ticked > FROZEN_SECONDS:
            # This node stood still, and has yet to read what came meanwhile.
            self._last = {node: (number, now) for node, (number, _) in self._last.items()}
        silent = {node for node, (_, at) in self._last.items() if now - at > SILENT_SECONDS}
        fell_silent, self._silent = silent - self._silent, silent
        if fell_silent:
            self._missed()

    def _hear(self, node: str, data: bytes) -> None:
        number = int.from_bytes(data[:TICK_BYTES], "big")
        before, _ = self._last.pop(node, (number - 1, 0.0))
        self._last[node] = number, self._loop.time()
        if len(self._last) > MOST_NODES:
            del self._last[next(iter(self._last))]
        if number != before + 1:
            self._missed()
