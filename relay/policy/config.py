"""Everything that can be set: by the command line, else the environment, else the profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from protocol import limits
from protocol.frames import Limits, RoomOptions
from relay.policy import machine
from relay.policy.conduct import MAX_BAD_FRAMES
from relay.policy.rate_limits import SITE_FACTOR, Allowance
from relay.policy.spelling import ENVIRONMENT, option, variable
from relay.policy.values import (
    Amount,
    Names,
    NatsUrls,
    OptionalPath,
    OrAuto,
    Origins,
    OrNever,
    OrUnlimited,
    RootPath,
    TokenFile,
    TrustedProxies,
)

PROFILES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "default": {},
        "bench": {
            "frames_per_second": 1e6,
            "frames_burst": 1e6,
            "bytes_per_second": 1e9,
            "bytes_burst": 1e9,
            "joins_per_second": 1e5,
            "joins_burst": 1e5,
            "rooms_per_second": 1e5,
            "rooms_burst": 1e5,
            "requests_per_second": 1e5,
            "requests_burst": 1e5,
            "connections_per_address": 1_000_000,
            "rooms_per_address": 1_000_000,
            "matches_per_address": 1_000_000,
            "passwords_per_second": 1e5,
            "passwords_burst": 1e5,
        },
        "debug": {
            "hello_seconds": None,
            "admit_seconds": None,
            "ping_seconds": None,
            "ping_timeout": None,
            "slow_seconds": None,
            "bad_frames": None,
        },
    }
)
"""Other defaults for a purpose: bench raises rates and nothing else, debug ends no connection for
its silence or its mistakes."""


class Settings(BaseSettings):
    """The relay's settings. Rates are per second; sizes are in bytes, times in seconds.

    Raises:
        pydantic.ValidationError: a value is out of its bounds; `explain` makes a sentence of it.
    """

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT, frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 is all"
    )
    port: int = Field(
        default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one"
    )
    workers: OrAuto = Field(
        default=1,
        description="processes that share the port and the rooms, or auto for one on each core",
    )
    names: Names = Field(
        default=(), description="host name by which browsers call the relay; several may be given"
    )
    origins: Origins = Field(
        default=(),
        description="other site whose pages may connect, as https://game.example.com, "
        "https://*.example.com for all hosts below that name, null for pages opened as files, "
        "or * for all; several may be given",
    )
    trusted_proxies: TrustedProxies = Field(
        default=(),
        description="address or network of a proxy that is believed when it says whose request "
        "it passes on (X-Forwarded-For, -Proto, -Host, -Prefix, or Forwarded), or unix for one "
        "that comes over a Unix socket; several may be given",
    )
    root_path: RootPath = Field(
        default="", description="path below which a proxy shows the relay, as /games"
    )
    profile: Literal["default", "bench", "debug"] = Field(
        default="default",
        description="bench raises the rates, debug never times out and lets bad frames pass",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least weighty events to log"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="lines of the log for people, or an object a line for programs"
    )

    max_frame: int = Field(
        default=limits.FRAME_IN,
        ge=256,
        le=limits.FRAME_IN_MAX,
        description="bytes of a client's frame at most",
    )
    frames_per_second: Amount = Field(
        default=120, description="frames a second from a connection, on average"
    )
    frames_burst: Amount = Field(default=240, description="frames from a connection at once")
    bytes_per_second: Amount = Field(
        default=256 * 1024, description="bytes a second from a connection, on average"
    )
    bytes_burst: Amount = Field(default=1024 * 1024, description="bytes from a connection at once")
    bad_frames: OrUnlimited = Field(
        default=MAX_BAD_FRAMES,
        description="bad frames within 10 s that end a connection, or unlimited (0)",
    )
    outbox_bytes: int = Field(
        default=256 * 1024, ge=64 * 1024, description="bytes that may wait for a slow connection"
    )
    outbox_frames: int = Field(
        default=512, ge=16, description="frames that may wait for a slow connection"
    )

    slow_seconds: OrNever = Field(
        default=5, description="seconds for which a connection may be congested, or never"
    )
    history_frames: int = Field(
        default=64 * 1024, ge=1, description="frames of a room that resumes can reach back to"
    )
    history_bytes: int = Field(
        default=16 * 1024 * 1024, ge=64 * 1024, description="bytes of them, in one room"
    )
    history_seconds: Amount = Field(default=120, description="seconds for which they are kept")

    memory: int = Field(
        default_factory=lambda: machine.memory() // 2,
        ge=64 * 1024 * 1024,
        description="bytes that the relay takes at most; half of what there is by default",
    )
    max_connections: int = Field(default=10_000, ge=1, description="connections at a time")
    max_rooms: int = Field(default=10_000, ge=1, description="rooms at a time")
    joins_per_second: Amount = Field(
        default=20, description="joins a second from one address, on average"
    )
    joins_burst: Amount = Field(default=60, description="joins from one address at once")
    rooms_per_second: Amount = Field(
        default=5, description="rooms made a second from one address, on average"
    )
    rooms_burst: Amount = Field(default=20, description="rooms made from one address at once")
    requests_per_second: Amount = Field(
        default=100, description="HTTP requests a second from one address, on average"
    )
    requests_burst: Amount = Field(
        default=1000, description="HTTP requests from one address at once"
    )
    connections_per_address: int = Field(
        default=200, ge=1, description="connections at a time from one address"
    )
    rooms_per_address: int = Field(
        default=200, ge=1, description="rooms at a time that one address has made"
    )
    matches_per_address: int = Field(
        default=30, ge=1, description="places at a time that quick match keeps for one address"
    )
    passwords_per_second: Amount = Field(
        default=4, description="passwords a second from one address, on average"
    )
    passwords_burst: Amount = Field(default=60, description="passwords from one address at once")
    ipv6_site_factor: float = Field(
        default=SITE_FACTOR,
        ge=1,
        allow_inf_nan=False,
        description="how many times as much an IPv6 /48 may do as one /64, which counts as an "
        "address",
    )
    limit_loopback: bool = Field(
        default=False, description="limit loopback addresses like all others"
    )

    hello_seconds: OrNever = Field(
        default=5, description="seconds for a connection's HELLO, or never"
    )
    admit_seconds: OrNever = Field(
        default=10,
        description="seconds for passwords and on_join to decide about a HELLO, or never",
    )
    ping_seconds: OrNever = Field(
        default=10, description="seconds of silence after which to ping, or never"
    )
    ping_timeout: OrNever = Field(
        default=10, description="seconds for the answer to a ping, or never"
    )

    drain_seconds: float = Field(
        default=3,
        ge=0,
        le=3600,
        description="seconds over which connections are closed when the relay ends",
    )
    state: OptionalPath = Field(
        default=None, description="file that keeps the rooms while the relay restarts"
    )
    operator_token_file: TokenFile = Field(
        default=None,
        description="file with the word that shows whoever says it to be the operator",
    )

    nats: NatsUrls = Field(
        default=(),
        description="server of NATS, over which relays share their rooms, as nats://HOST:PORT or "
        "tls://HOST:PORT; several may be given; embedded starts one",
    )
    nats_credentials: OptionalPath = Field(
        default=None, description="file of NATS (.creds) that says who the relay is"
    )
    nats_ca: OptionalPath = Field(
        default=None, description="file with certificates that sign those of the servers of NATS"
    )
    nats_dir: OptionalPath = Field(
        default=None, description="folder for the data of --nats embedded"
    )
    nats_streams: int = Field(
        default=8, ge=1, le=64, description="streams over which rooms are spread; all relays alike"
    )
    nats_replicas: int | None = Field(
        default=None,
        ge=1,
        le=5,
        description="servers that keep each entry; 3 in a cluster of NATS by default, and 1 else",
    )
    nats_bytes: int = Field(
        default=1024**3,
        ge=16 * 1024**2,
        description="bytes of rooms' entries that NATS keeps at most, and of their snapshots",
    )

    room_capacity: int = Field(
        default=64, ge=1, le=limits.MAX_CAPACITY, description="players in a room that does not say"
    )
    room_spectators: int = Field(
        default=64,
        ge=0,
        le=limits.MAX_CAPACITY,
        description="spectators in a room that does not say",
    )
    room_hold: int = Field(
        default=30,
        ge=0,
        le=limits.MAX_HOLD,
        description="seconds for which a lost player's seat is held",
    )
    room_keep: int = Field(
        default=30, ge=0, le=limits.MAX_KEEP, description="seconds for which an empty room is kept"
    )

    @property
    def room_options(self) -> RoomOptions:
        """Options of a room whose maker names none."""
        return RoomOptions(
            capacity=self.room_capacity,
            spectators=self.room_spectators,
            hold=self.room_hold,
            keep=self.room_keep,
        )

    def announced(self, max_frame: int) -> Limits:
        """Return what WELCOME announces in a room that takes frames of so many bytes."""
        return Limits(
            max_frame=max_frame,
            frames_per_second=int(self.frames_per_second),
            bytes_per_second=int(self.bytes_per_second),
            history_frames=self.history_frames,
            history_bytes=self.history_bytes,
        )

    def allowance(self) -> Allowance:
        """Return what one connection may send."""
        return Allowance(
            self.frames_per_second, self.frames_burst, self.bytes_per_second, self.bytes_burst
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the profile last, so that what was set by hand outweighs it."""
        return init_settings, env_settings, _Profile(settings_cls)


class _Profile(PydanticBaseSettingsSource):
    """The defaults of the profile that the sources before this one chose."""

    def __call__(self) -> dict[str, Any]:
        return dict(PROFILES.get(self.current_state.get("profile", "default"), {}))

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError("all fields come at once")


def explain(error: ValidationError) -> str:
    """Say in one line what is wrong with settings, and what was expected instead."""
    return "; ".join(_explain(detail) for detail in error.errors(include_url=False))


def _explain(detail: ErrorDetails) -> str:
    field = str(detail["loc"][0])
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "expected", 1)
    meaning = Settings.model_fields[field].description if field in Settings.model_fields else ""
    # What is wrong about a URL may be its password: nobody should find it in a log.
    shown = re.sub(r"(?<=//).*(?=@)", "***", repr(detail["input"]))
    return f"{option(field)} (or {variable(field)}) cannot be {shown}: {message} ({meaning})"
