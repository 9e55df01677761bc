"""The commands of `relay`, one function for each. Longer help texts are in main.py."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter, validators
from pydantic import ValidationError

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from relay import is_compiled
from relay.cli import inspector
from relay.cli.printing import is_terminal, let_go, say
from relay.cluster.nats.options import CannotJoin
from relay.persistence.file import CannotKeep
from relay.policy.config import Settings
from relay.policy.spelling import option
from relay.server.process import CannotListen, Listener
from relay.server.process import serve as run
from relay.workers.supervisor import CannotShare, supervise

AllSettings = Annotated[
    Settings | None,
    Parameter(
        name="*",
        name_transform=lambda field: option(field).removeprefix("--"),
        negative_iterable=(),
        show_default=lambda value: None if value == () else value,
    ),
]


def serve(*, settings: AllSettings = None) -> None:
    """Run a relay until Ctrl+C."""
    with _one_sentence():
        settings = settings or Settings()
        start = run if settings.workers == 1 else supervise
        start(settings, on_listening=partial(_announce, chosen=settings.operator_token_file))


def demo(
    *,
    host: str = "0.0.0.0",
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 8000,
    bots: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=1000))] = 8,
    open: bool = False,
) -> None:
    """Run a relay with bots in a room, and print its link.

    Args:
        host: address to listen on; 0.0.0.0 is all of them, so that phones can join
        port: port to listen on; if it is taken, one of the next ones
        bots: how many bots play
        open: open the room in a browser
    """
    # A relay that serves draws no QR code, and needs nothing to start bots and browsers.
    from relay.cli.demo import show

    with _one_sentence():
        show(host, port, bots, opens=open)


def version() -> None:
    """Print Roomwire's version, and the wire's."""
    how = "compiled" if is_compiled() else "plain Python"
    print(f"Roomwire {importlib.metadata.version('roomwire')}, {how}")
    print(f"wire version {WIRE_VERSION_MIN} to {WIRE_VERSION}")


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    """Show errors that the user can mend as errors of the command line. A line that cannot be
    printed is no error."""
    try:
        yield
    except (CannotListen, CannotKeep, CannotJoin, CannotShare, ValidationError) as error:
        raise CycloptsError(msg=str(error)) from error
    finally:
        let_go()


def _announce(listener: Listener, chosen: Path | None) -> None:
    """Say where the relay is. A terminal gets the inspector's link, too. A service's output does
    not: it is kept in files that others read."""
    say(f"Roomwire is at {listener.url} (Ctrl+C stops it)")
    if is_terminal() and (link := inspector.link(listener, chosen)) is not None:
        say(f"Look into its rooms: {link}")
