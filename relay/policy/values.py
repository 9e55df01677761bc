"""What a setting's value may be, and how it is read from the command line or the environment."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from relay.policy import machine
from relay.policy.operators import read_token
from relay.policy.origins import is_origin, parse_authority
from relay.policy.proxies import PREFIX, UNIX

MAX_WORKERS = 256

EMBEDDED = "embedded"
"""In place of URLs of NATS: a nats-server that the relay starts itself."""


def _split(value: Any) -> Any:
    """Read several values from one environment variable; options come as a list already."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _split_all(value: Any) -> Any:
    """Read several values, each of which may be several with commas between."""
    return _split(",".join(value) if isinstance(value, tuple | list) else value)


def _never(value: Any) -> Any:
    return None if value == "never" else value


def _unlimited(value: Any) -> Any:
    return None if value in ("unlimited", "0", 0) else value


def _auto(value: Any) -> Any:
    return machine.cores() if value == "auto" else value


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _name(value: str) -> str:
    authority = parse_authority(value)
    if authority is None or authority.port is not None:
        raise ValueError("expected a host name alone, as in game.example.com")
    return value


def _origin(value: str) -> str:
    if not is_origin(value):
        raise ValueError(
            "expected scheme://host[:port], as in https://game.example.com, or "
            "https://*.example.com for all hosts below that name, null for pages of no site, or *"
        )
    return value


def _proxy(value: str) -> str:
    if value == UNIX:
        return value
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(
            "expected an address, or a network as in 10.0.0.0/8 with nothing after its prefix"
        ) from None


def _root_path(value: str) -> str:
    value = value.rstrip("/")
    if not PREFIX.fullmatch(value):
        raise ValueError("expected a path, as in /games")
    return value


def nats_url(value: str) -> str:
    """Return the URL of a server of NATS.

    Raises:
        ValueError: it is none.
    """
    if not _is_nats_url(value):
        raise ValueError(
            f"expected nats://HOST:PORT, tls://HOST:PORT, or {EMBEDDED} for a server of its own; "
            "in USER:PASSWORD@ before the host, / is %2F, # is %23, ? is %3F and % is %25"
        )
    return value


def _is_nats_url(value: str) -> bool:
    if value == EMBEDDED:
        return True
    try:
        parts = urlsplit(value)
        has_port = parts.port is None or parts.port > 0  # it raises if that is no port
    except ValueError:
        return False
    rest = parts.path.strip("/") or parts.query or parts.fragment
    return parts.scheme in ("nats", "tls") and bool(parts.hostname) and has_port and not rest


def _nats_urls(value: tuple[str, ...]) -> tuple[str, ...]:
    if EMBEDDED in value and len(value) > 1:
        raise ValueError(f"{EMBEDDED} is one server, and no other can be beside it")
    return value


def _token_file(path: Path | None) -> Path | None:
    if path is not None:
        read_token(path)
    return path


Names = Annotated[
    tuple[Annotated[str, AfterValidator(_name)], ...], NoDecode, BeforeValidator(_split)
]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split)
]
TrustedProxies = Annotated[
    tuple[Annotated[str, AfterValidator(_proxy)], ...], NoDecode, BeforeValidator(_split)
]
NatsUrls = Annotated[
    tuple[Annotated[str, AfterValidator(nats_url)], ...],
    NoDecode,
    BeforeValidator(_split_all),
    AfterValidator(_nats_urls),
]
OptionalPath = Annotated[Path | None, BeforeValidator(_none_if_empty)]
Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
RootPath = Annotated[str, AfterValidator(_root_path)]
TokenFile = Annotated[Path | None, BeforeValidator(_none_if_empty), AfterValidator(_token_file)]
OrNever = Annotated[Amount | None, BeforeValidator(_never)]
OrUnlimited = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_unlimited)]
OrAuto = Annotated[Annotated[int, Field(ge=1, le=MAX_WORKERS)], BeforeValidator(_auto)]
