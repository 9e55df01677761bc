"""The relay: rooms that put frames in order and pass them on.

`from roomwire import create_app` gives it as an ASGI app, to run or to mount in another.
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import protocol

if TYPE_CHECKING:
    from relay.http.app import create_app
    from relay.node.on_join import JoinRequest

__all__ = ["JoinRequest", "create_app", "is_compiled"]

if not hasattr(protocol, "WIRE_VERSION"):
    raise ImportError(
        f"Roomwire needs its own package 'protocol', but {protocol.__file__} was imported instead: "
        "rename that file, or start Python from another directory."
    )


def is_compiled() -> bool:
    """Say whether this is a compiled wheel, and not plain Python."""
    spec = importlib.util.find_spec("relay.room.room")
    return spec is not None and not str(spec.origin).endswith(".py")


HOMES = {"JoinRequest": "relay.node.on_join", "create_app": "relay.http.app"}


def __getattr__(name: str) -> Any:
    # Not before it is asked for: the web framework would make every import slow.
    if name in HOMES:
        return getattr(importlib.import_module(HOMES[name]), name)
    raise AttributeError(f"module 'relay' has no attribute {name!r}")
