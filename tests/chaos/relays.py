"""Runs relays in processes of their own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType

from tests.chaos.proxy import Address
from tests.helpers.forked import Forked
from tests.helpers.relay import MODULE

ENDS_WITHIN = 45.0  # seconds for a relay to end when asked to
LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")


class RelayProcess:
    """A relay that can be ended and started again. Use it as a context manager.

    Attributes:
        address: where it listens. Each start has another port.
    """

    def __init__(
        self, *options: str, module: str = MODULE, environment: Mapping[str, str] = {}
    ) -> None:
        """
        Args:
            options: of `relay serve`.
            module: has the same command line as `relay`.
            environment: further variables.
        """
        self._environment = {**os.environ, **environment}
        self._module = module
        self._arguments = ["serve", "--port", "0", "--log-level", "warning", *options]
        self._process: Forked | None = None
        self._log = tempfile.NamedTemporaryFile()  # noqa: SIM115  (closed in __aexit__)
        self.starts = 0
        self.address: Address = ("127.0.0.1", 0)

    async def __aenter__(self) -> RelayProcess:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.end(signal.SIGKILL)
        self._log.close()

    async def start(self) -> None:
        """Start it, and return when clients can connect."""
        log = Path(self._log.name)
        self._process = Forked(self._module, self._arguments, self._environment, log)
        line = await asyncio.to_thread(self._process.stdout.readline)
        if (found := LISTENING.search(line)) is None:
            raise RuntimeError(f"the relay said {line!r} and: {self.complaints()}")
        self.address = ("127.0.0.1", int(found[1]))
        self.starts += 1

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: SIGTERM lets it drain, SIGKILL does not."""
        process, self._process = self._process, None
        if process is None:
            return
        with closing(process):
            process.send_signal(how)
            await asyncio.to_thread(process.wait, ENDS_WITHIN)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, such as to freeze and to thaw it."""
        if self._process is not None:
            self._process.send_signal(number)

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def complaints(self) -> str:
        """Return what it has logged: warnings and worse."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")
