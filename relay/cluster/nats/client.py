"""nats-py's client, made safer and sooner, and why a server of NATS does not take it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client

log = logging.getLogger("relay")

CLOSE_SECONDS = 1.0
MOST_DENIED = 4
"""Things that a server does not allow, of which the log tells: as many say enough."""

DENIED = re.compile(r"permissions violation for ((?:publish|subscription) to \S+)")

T = TypeVar("T")

REFUSED = "Authorization Violation"
"""What a server says whose user or password is another."""


class SafeClient(Client):
    """nats-py's, but safer and sooner.

    Attributes:
        denied: what the server did not allow, such as `publish to "other"`, in small letters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.denied: list[str] = []
        self._causes: list[Exception] = []

    async def note(self, error: Exception) -> None:
        """Keep an error while this connects, for the one line about that; log a later one."""
        if not self.is_connected:
            self._causes.append(error)
        elif (denied := DENIED.search(str(error))) is not None:
            self._note_denied(denied[1])
        else:
            _report(error)

    def cause(self, raised: Exception) -> Exception:
        """Return why this could not connect: what nats-py raises says less than what it was told.

        A server that refuses a password hangs up at once, and either may be seen first.
        """
        told = [*self._causes, raised, *([self.last_error] if self.last_error else [])]
        refusals = (each for each in told if isinstance(each, nats.errors.AuthorizationError))
        return next(refusals, told[0])

    def _note_denied(self, what: str) -> None:
        if what not in self.denied and len(self.denied) < MOST_DENIED:
            self.denied.append(what)
            log.warning("NATS does not allow %s", what)

    @property
    def unsent(self) -> int:
        """Bytes that wait for the kernel to take them."""
        writer = getattr(self._transport, "_io_writer", None)
        return 0 if writer is None else writer.transport.get_write_buffer_size()

    def do(self, act: Coroutine[Any, Any, T]) -> T | None:
        """Have a coroutine of this client run in this turn of the loop: it waits for nothing."""
        try:
            act.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        except (nats.errors.Error, OSError) as error:
            log.warning("a message for NATS was not sent: %s", error)
            return None
        act.close()
        raise RuntimeError("nats-py waits where it need not")

    async def _flush_pending(self, force_flush: bool = False) -> None:
        """Write in this turn of the loop. nats-py has a task for it, which runs in a later one."""
        if self.is_connected and self._transport is not None:
            pending, self._pending, self._pending_data_size = self._pending, [], 0
            with contextlib.suppress(RuntimeError):  # it has ended, as the reader sees too
                self._transport.writelines(pending)

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """Refuse a server without TLS where the URL asks for TLS.

        nats-py would say who it is in the clear if a server, or somebody between, asks it to.
        """
        server = self._current_server
        wants = initial_connection and server is not None and server.uri.scheme == "tls"
        if wants and not info.get("tls_required"):
            raise nats.errors.Error("the URL begins with tls:// and the server has no TLS")
        await super()._process_info(info, initial_connection)


def reason(error: Exception) -> str:
    """Say why no connection came about, and what an operator can look at."""
    match error:
        case ConnectionRefusedError():
            return "nothing listens there: is nats-server running?"
        case socket.gaierror():
            return f"this name has no address ({error.strerror}): is it right?"
        case ssl.SSLCertVerificationError():
            return f"{error}: --nats-ca names the certificates that sign the servers'"
        case ConnectionResetError() | BrokenPipeError() | nats.errors.UnexpectedEOF():
            return "it hangs up: it may want another user, another password, or TLS"
        case TimeoutError() | nats.errors.TimeoutError():
            return "no answer: is that nats-server, and does the network let a relay through?"
    said = str(error) or type(error).__name__
    if isinstance(error, nats.errors.AuthorizationError) or REFUSED.lower() in said.lower():
        return f"{REFUSED}: it knows no such user, or another password"
    return said.removeprefix("nats: ")


async def close(client: Client) -> None:
    """Close a client, however the server is."""
    transport = client._transport
    with contextlib.suppress(OSError, nats.errors.Error):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    # nats-py has no way to close a connection whose server reads no more.
    writer = getattr(transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()


def forgive(reading: asyncio.Task[bool]) -> None:
    """Let a read fail whose connection was just aborted: nats-py does not catch that."""
    if not reading.cancelled():
        reading.exception()


def _report(error: Exception) -> None:
    """Log what nats-py tells of no call; what it tells of connecting is said elsewhere."""
    said_elsewhere = (OSError, nats.errors.UnexpectedEOF, nats.errors.StaleConnectionError)
    if not isinstance(error, said_elsewhere):
        log.warning("NATS: %s", error)
