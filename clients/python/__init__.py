"""Roomwire for Python: an async client, a blocking one for game loops, and a bot kit.

Programs import these names from `roomwire`.
"""

from clients.python import blocking
from clients.python.base_room import BaseRoom
from clients.python.blocking import BlockingRoom
from clients.python.connect import connect
from clients.python.core.commands import EVERYONE, HOST, OTHERS, group
from clients.python.errors import (
    FrameSizeRefused,
    JoinError,
    Kicked,
    LobbyRefused,
    NoSuchRoom,
    NotAdmitted,
    OtherApp,
    RoomClosed,
    RoomFull,
    RoomLocked,
    RoomwireError,
    Unreachable,
    VersionRefused,
    WindowFull,
    WrongPassword,
)
from clients.python.events import (
    Closed,
    Event,
    HostChanged,
    Joined,
    Left,
    Live,
    Lost,
    Message,
    Notice,
    Player,
    PresenceChanged,
    PropertyChanged,
    Reconnecting,
    Refused,
    Resumed,
    SnapshotReceived,
    SnapshotWanted,
    Updated,
)
from clients.python.lobby import ListedRoom, Lobby, LobbyChange
from clients.python.room import Room
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.frames import LeftReason, NoticeKind, PresenceState, RoomOptions

__all__ = [
    "EVERYONE",
    "HOST",
    "OTHERS",
    "BaseRoom",
    "BlockingRoom",
    "Closed",
    "Event",
    "FrameSizeRefused",
    "HostChanged",
    "JoinError",
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
    "SnapshotReceived",
    "SnapshotWanted",
    "Unreachable",
    "Updated",
    "VersionRefused",
    "WindowFull",
    "WrongPassword",
    "blocking",
    "connect",
    "group",
]
