"""Where NATS is, and who a relay is to it."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SEED = re.compile(r"BEGIN USER NKEY SEED-*\s+(\S+)")
JWT = re.compile(r"BEGIN NATS USER JWT-*\s+(\S+)")

SEED_BYTES = 32
SEED_PREFIX = 2  # bytes before the seed that say of what kind it is
CHECKSUM_BYTES = 2


class CannotJoin(Exception):
    """NATS is not to be had as it was asked for; says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where NATS is, and who a relay is to it.

    Attributes:
        urls: each server's, as nats://HOST:PORT or tls://HOST:PORT, perhaps with USER:PASSWORD@.
        credentials: a file that NATS calls .creds: a user's JWT and the seed of their key.
        authority: a file with certificates that those of the servers are to be signed by.
    """

    urls: tuple[str, ...]
    credentials: Path | None = None
    authority: Path | None = None

    def trust(self) -> ssl.SSLContext:
        """Return whom TLS trusts.

        Raises:
            CannotJoin: the file with certificates cannot be used.
        """
        try:
            return ssl.create_default_context(cafile=self.authority)
        except OSError as error:
            raise CannotJoin(f"{self.authority} holds no certificates: {error}") from None

    def signer(self) -> Signer | None:
        """Return who signs for the relay, if a file says so.

        Raises:
            CannotJoin: the file cannot be used.
        """
        return None if self.credentials is None else read_credentials(self.credentials)


@dataclass(frozen=True, slots=True)
class Signer:
    """A user of NATS who shows that they have their key."""

    jwt: bytes
    sign: Callable[[str], bytes]
    """Takes what the server says once, and returns its signature."""


def shown(url: str) -> str:
    """Return a URL without its password, for the log."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Login(NamedTuple):
    """Who a relay is by a URL."""

    user: str | None = None
    password: str | None = None
    token: str | None = None


def login_of(url: str) -> Login:
    """Return who a relay is. For `/`, `#` and such a URL has %2F, %23 and such."""
    parts = urlsplit(url)
    if parts.username is None:
        return Login()
    if parts.password is None:
        return Login(token=unquote(parts.username))
    return Login(unquote(parts.username), unquote(parts.password))


def wants_tls(url: str) -> bool:
    return urlsplit(url).scheme == "tls"


def read_credentials(path: Path) -> Signer:
    """Read a user's JWT and key.

    Raises:
        CannotJoin: they are not in the file.
    """
    from nacl.signing import SigningKey

    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise CannotJoin(f"{path} cannot be read: {error}") from None
    jwt, seed = JWT.search(text), SEED.search(text)
    if jwt is None or seed is None:
        raise CannotJoin(f"{path} has no user's JWT and seed: it should be a .creds file of NATS")
    try:
        key = SigningKey(decode_seed(seed[1]))
    except ValueError as error:
        raise CannotJoin(f"the seed in {path} is damaged: {error}") from None

    def sign(nonce: str) -> bytes:
        return base64.b64encode(key.sign(nonce.encode()).signature)

    return Signer(jwt[1].encode(), sign)


def decode_seed(text: str) -> bytes:
    """Return the seed of a key that NATS has written in base 32, with a kind and a checksum.

    Raises:
        ValueError: it is none.
    """
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    body, checksum = raw[:-CHECKSUM_BYTES], raw[-CHECKSUM_BYTES:]
    if len(body) != SEED_PREFIX + SEED_BYTES:
        raise ValueError("its length is wrong")
    # NATS has the checksum of XMODEM, low byte first.
    if binascii.crc_hqx(body, 0).to_bytes(CHECKSUM_BYTES, "little") != checksum:
        raise ValueError("its checksum is wrong")
    return body[SEED_PREFIX:]
