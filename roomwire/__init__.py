"""Roomwire: rooms for multiplayer games. Everything that a program imports is here.

    from roomwire import Message, connect

A game plays with `connect`, or with `blocking.connect` where it has a loop of its own. Bots derive
from `Bot`. `create_app` is the relay as an ASGI app. Each name is loaded when it is first asked
for, so that a client loads no server.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clients.python import (
        EVERYONE,
        HOST,
        OTHERS,
        BaseRoom,
        BlockingRoom,
        Closed,
        Event,
        FrameSizeRefused,
        HostChanged,
        Joined,
        JoinError,
        Kicked,
        Left,
        LeftReason,
        ListedRoom,
        Live,
        Lobby,
        LobbyChange,
        LobbyRefused,
        LocalProtocolError,
        Lost,
        Message,
        NoSuchRoom,
        NotAdmitted,
        Notice,
        NoticeKind,
        OtherApp,
        Player,
        PresenceChanged,
        PresenceState,
        PropertyChanged,
        Reconnecting,
        Refused,
        RemoteProtocolError,
        Resumed,
        Room,
        RoomClosed,
        RoomFull,
        RoomLocked,
        RoomOptions,
        RoomwireError,
        SnapshotReceived,
        SnapshotWanted,
        Unreachable,
        Updated,
        VersionRefused,
        WindowFull,
        WrongPassword,
        blocking,
        connect,
        group,
    )
    from clients.python.bots import Bot, bot
    from protocol.close_codes import CloseCode
    from protocol.error_codes import ErrorCode
    from protocol.legible import legible
    from relay import JoinRequest, create_app, is_compiled
    from relay.node.on_join import OnJoin
    from relay.policy.config import Settings

__all__ = [
    "EVERYONE",
    "HOST",
    "OTHERS",
    "BaseRoom",
    "BlockingRoom",
    "Bot",
    "CloseCode",
    "Closed",
    "ErrorCode",
    "Event",
    "FrameSizeRefused",
    "HostChanged",
    "JoinError",
    "JoinRequest",
    "Joined",
    "Kicked",
    "Left",
    "LeftReason",
    "ListedRoom",
    "Live",
    "Lobby",
    "LobbyChange",
    "LobbyRefused",
    "LocalProtocolError",
    "Lost",
    "Message",
    "NoSuchRoom",
    "NotAdmitted",
    "Notice",
    "NoticeKind",
    "OnJoin",
    "OtherApp",
    "Player",
    "PresenceChanged",
    "PresenceState",
    "PropertyChanged",
    "Reconnecting",
    "Refused",
    "RemoteProtocolError",
    "Resumed",
    "Room",
    "RoomClosed",
    "RoomFull",
    "RoomLocked",
    "RoomOptions",
    "RoomwireError",
    "Settings",
    "SnapshotReceived",
    "SnapshotWanted",
    "Unreachable",
    "Updated",
    "VersionRefused",
    "WindowFull",
    "WrongPassword",
    "blocking",
    "bot",
    "connect",
    "create_app",
    "group",
    "is_compiled",
    "legible",
]

CLIENT = "clients.python"
HOMES = {
    "Bot": "clients.python.bots",
    "CloseCode": "protocol.close_codes",
    "ErrorCode": "protocol.error_codes",
    "JoinRequest": "relay",
    "OnJoin": "relay.node.on_join",
    "Settings": "relay.policy.config",
    "bot": "clients.python.bots",
    "create_app": "relay",
    "is_compiled": "relay",
    "legible": "protocol.legible",
}
"""Modules of the names that are not the client's."""

INSTALLED = Path(__file__).resolve().parents[1]
"""The folder of this package, and of the packages that it loads from."""


if not TYPE_CHECKING:  # a checker would take every misspelt name for one that may be there

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'roomwire' has no attribute {name!r}")
        try:
            found = globals()[name] = getattr(_load(HOMES.get(name, CLIENT)), name)
        except ModuleNotFoundError as missing:
            raise _incomplete(name, missing) from missing
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _load(module: str) -> ModuleType:
    _check_for_namesake("protocol")
    _check_for_namesake(module.partition(".")[0])
    return importlib.import_module(module)


def _incomplete(name: str, missing: ModuleNotFoundError) -> ImportError:
    """Return the error for a name whose package was installed without what it needs."""
    return ImportError(
        f"roomwire.{name} needs the package {missing.name!r}, which is not installed. "
        "`pip install roomwire` brings all that is needed; a client alone needs msgpack and "
        "websockets.",
        name=missing.name,
    )


def _check_for_namesake(package: str) -> None:
    """Raise ImportError if a program's own file would be imported instead of our package.

    The file is found and not run: it may well import `roomwire` itself.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return
    found = Path(spec.origin).resolve()
    if found.parent != INSTALLED / package:
        kind, culprit = ("folder", found.parent) if found.stem == "__init__" else ("file", found)
        raise ImportError(
            f"Roomwire needs its own package {package!r}, but Python finds {culprit} first: "
            f"rename that {kind}, or start Python from another directory."
        )
