"""What `relay` can do: one function for each command. Their help is in cli.py."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated

from cyclopts import CycloptsError, Parameter
from pydantic import ValidationError

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from relay.config import Settings, option
from relay.server import CannotListen, Listener
from relay.server import serve as run

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
    try:
        run(settings or Settings(), on_listening=_announce)
    except (CannotListen, ValidationError) as error:
        raise CycloptsError(msg=str(error)) from error


def version() -> None:
    """Print the version, and those of the wire."""
    print(f"Roomwire {importlib.metadata.version('roomwire')}")
    print(f"wire version {WIRE_VERSION_MIN} to {WIRE_VERSION}")


def _announce(listener: Listener) -> None:
    print(f"Roomwire is at {listener.url} (Ctrl+C stops it)", flush=True)
