"""Runs relays in processes of their own."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import tempfile
from types import TracebackType

from tests.chaos.proxy import Address
from tests.helpers.relay import MODULE

ENDS_WITHIN = 15.0  # seconds for a relay to end when asked to
LISTENING = re.compile(rb"http://127\.0\.0\.1:(\d+)")


class RelayProcess:
    """A relay that can be ended and started again. Use it as a context manager.

    Attributes:
        address: where it listens. Each start has another port.
    """

    def __init__(self, *options: str, module: str = MODULE) -> None:
        """Args: options: of `relay serve`. module: has the same command line as `relay`."""
        self._command = ["-m", module, "serve", "--port", "0", "--log-level", "warning", *options]
        self._process: asyncio.subprocess.Process | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in __aexit__)
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
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *self._command, stdout=asyncio.subprocess.PIPE, stderr=self._log
        )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if (found := LISTENING.search(line)) is None:
            raise RuntimeError(f"the relay said {line!r} and: {self.complaints()}")
        self.address = ("127.0.0.1", int(found[1]))
        self.starts += 1

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: SIGTERM lets it drain, SIGKILL does not."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(how)
        async with asyncio.timeout(ENDS_WITHIN):
            await self._process.wait()

    def complaints(self) -> str:
        """Return what it has logged: warnings and worse."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")
