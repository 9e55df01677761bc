"""What tests need: strategies for the wire, and bad networks.

Hypothesis strategies test a codec, a client or a relay of one's own:

    from roomwire.testing import Case, Reader, damaged

    @given(damaged(Reader.CLIENT_FRAME))
    def test_my_codec_refuses_what_the_spec_refuses(case: Case) -> None: ...

It needs Hypothesis: `pip install roomwire[testing]`. The frames and their records are here too, and
our own codec, to compare with.

`shape` makes a player's network worse on purpose, at the relay of a game's own tests:

    shape(url, token, "RACE", player=2, down="train-wifi", seed=42)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roomwire import _check_for_namesake

try:
    from clients.fuzz.inputs.case import Case, Reader, Verdict
    from clients.fuzz.strategies.conversations import conversations
    from clients.fuzz.strategies.damaged import damage_names, damaged, legal
    from clients.fuzz.strategies.encodings import encodings, long_winded
    from clients.fuzz.strategies.fields import instances
    from clients.fuzz.strategies.frames import frames, messages, roles, spoken
    from clients.fuzz.strategies.mutants import mutants, piles
    from clients.fuzz.strategies.story import Said
    from clients.fuzz.strategies.values import game_values, map_keys
    from protocol.codec import Role, decode, encode, pack, unpack
    from protocol.error_codes import ErrorCode
    from protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
    from protocol.frames import (
        Ack,
        Deliver,
        Desync,
        Error,
        ErrorDetail,
        Frame,
        Hash,
        Hello,
        HelloOptions,
        Host,
        Input,
        Joined,
        Kick,
        Leave,
        Left,
        LeftReason,
        Limits,
        Live,
        Notice,
        NoticeDetail,
        NoticeKind,
        Ping,
        PlayerInfo,
        Pong,
        Presence,
        PresenceChanged,
        PresenceState,
        Property,
        Ready,
        RoomOptions,
        Send,
        Session,
        Set,
        Snapshot,
        SnapshotWanted,
        Start,
        Subscribe,
        Taken,
        Tick,
        Transfer,
        Unknown,
        Update,
        Volatile,
        Welcome,
    )
    from protocol.opcodes import Opcode
except ModuleNotFoundError as missing:
    for package in ("protocol", "clients"):
        _check_for_namesake(package)
    raise ImportError(
        f"roomwire.testing needs the package {missing.name!r}, which is not installed. "
        "`pip install roomwire[testing]` brings all that is needed.",
        name=missing.name,
    ) from missing

__all__ = [
    "Ack",
    "Case",
    "Deliver",
    "Desync",
    "Error",
    "ErrorCode",
    "ErrorDetail",
    "Frame",
    "Hash",
    "Hello",
    "HelloOptions",
    "Host",
    "Input",
    "Joined",
    "Kick",
    "Leave",
    "Left",
    "LeftReason",
    "Limits",
    "Live",
    "LocalProtocolError",
    "Notice",
    "NoticeDetail",
    "NoticeKind",
    "Opcode",
    "Ping",
    "PlayerInfo",
    "Pong",
    "Presence",
    "PresenceChanged",
    "PresenceState",
    "Property",
    "ProtocolError",
    "Reader",
    "Ready",
    "RemoteProtocolError",
    "Role",
    "RoomOptions",
    "Said",
    "Send",
    "Session",
    "Set",
    "Snapshot",
    "SnapshotWanted",
    "Start",
    "Subscribe",
    "Taken",
    "Tick",
    "Transfer",
    "Unknown",
    "Update",
    "Verdict",
    "Volatile",
    "Welcome",
    "conversations",
    "damage_names",
    "damaged",
    "decode",
    "encode",
    "encodings",
    "frames",
    "game_values",
    "instances",
    "legal",
    "long_winded",
    "map_keys",
    "messages",
    "mutants",
    "pack",
    "piles",
    "roles",
    "shape",
    "spoken",
    "unpack",
]


def shape(
    url: str,
    token: str,
    room: str,
    *,
    player: int | None = None,
    down: str | Mapping[str, Any] | None = None,
    up: str | Mapping[str, Any] | None = None,
    seed: int = 0,
) -> None:
    """Make a player's network worse on purpose, from now on; docs/guide/bad-networks.md has more.

    It blocks until the relay has answered. So the relay runs in another thread or process.

    Args:
        url: of the relay, such as `http://127.0.0.1:8000`.
        token: its operator's: `create_app(...).state.token`.
        player: their number in the room; if left out, everybody.
        down: conditions of what the relay sends: a profile's name, or numbers such as
            `{"lag_ms": 80}`.
        up: conditions of what the player sends. With neither, all conditions end.
        seed: decides the fate of each frame.

    Raises:
        relay.cli.operator_client.Problem: the relay refuses, with a sentence that says why.
    """
    from relay.cli.operator_client import OperatorClient  # who tests a codec needs no relay

    wanted = {"player": player, "down": down, "up": up, "seed": seed}
    OperatorClient(url, token).request("PUT", f"/api/rooms/{room}/conditions", wanted)
