"""Users of NATS who show that they have a key: an operator, an account and a user, made here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from typing import Any

from nacl.signing import SigningKey

# What NATS puts before a key says of whom it is: the first letter, in base 32.
OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3

CONFIGURATION = """
listen: $NATS_LISTEN
jetstream {{ store_dir: $NATS_DATA }}
operator: {operator}
system_account: {system}
resolver: MEMORY
resolver_preload: {{ {account}: {jwt}, {system}: {system_jwt} }}
"""


class Key:
    """A key pair of NATS."""

    def __init__(self, kind: int) -> None:
        self._kind = kind
        self._key = SigningKey.generate()
        self.public = _written(bytes([kind]) + bytes(self._key.verify_key))

    @property
    def seed(self) -> str:
        # Two bytes hold two kinds of five bits: that it is a seed, and of whom.
        first = SEED | self._kind >> 5
        second = (self._kind & 31) << 3
        return _written(bytes([first, second]) + bytes(self._key))

    def claim(self, subject: Key, name: str, says: dict[str, Any]) -> str:
        """Return a JWT in which this key says something about another."""
        claims = {
            "iat": int(time.time()),
            "iss": self.public,
            "sub": subject.public,
            "name": name,
            "nats": {"version": 2, **says},
        }
        digest = hashlib.sha256(json.dumps(claims).encode()).digest()
        claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
        signed = f"{_url({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_url(claims)}"
        signature = self._key.sign(signed.encode()).signature
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


class Operator:
    """An operator with an account in which JetStream is enabled, its user, and a system account."""

    def __init__(self) -> None:
        self._operator, self._account, self._user = Key(OPERATOR), Key(ACCOUNT), Key(USER)
        self._system = Key(ACCOUNT)

    def configuration(self) -> str:
        """Return what a server needs to know."""
        unlimited = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn"), -1)
        stored = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)
        limits = {**unlimited, "leaf": -1, "wildcards": True}
        rooms = {"type": "account", "limits": {**limits, **stored}}
        claim = self._operator.claim
        return CONFIGURATION.format(
            operator=claim(self._operator, "operator", {"type": "operator"}),
            account=self._account.public,
            jwt=claim(self._account, "roomwire", rooms),
            system=self._system.public,
            system_jwt=claim(self._system, "system", {"type": "account", "limits": limits}),
        )

    def credentials(self) -> str:
        """Return the user's file."""
        limits = {"subs": -1, "data": -1, "payload": -1}
        jwt = self._account.claim(self._user, "relay", {"type": "user", **limits})
        return (
            f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{self._user.seed}\n------END USER NKEY SEED------\n"
        )


def _written(body: bytes) -> str:
    checksum = binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return base64.b32encode(body + checksum).decode().rstrip("=")


def _url(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
