"""Hashes of what must not be readable in a room's state: seat secrets and addresses."""

from __future__ import annotations

import hashlib


def key_of(room: str, seat: bytes | None) -> bytes | None:
    """Hash a seat secret. The room's name is in it, so that a hash tells nothing elsewhere."""
    if seat is None:
        return None
    # SPEC 22.1: the secret itself is not kept.
    return hashlib.blake2b(seat, digest_size=16, person=b"roomwire seat", salt=_salt(room)).digest()


def network_key(room: str, network: str | None) -> bytes | None:
    """Hash where a player comes from, so that what is kept of a room holds no address.

    The room's name is in it, so that it tells nothing of who plays elsewhere. Whoever has the hash
    can find the address by trying all addresses, so the relay shows the hash to nobody.
    """
    if network is None:
        return None
    person = b"roomwire network"
    return hashlib.blake2b(
        network.encode(), digest_size=16, person=person, salt=_salt(room)
    ).digest()


def _salt(room: str) -> bytes:
    return hashlib.blake2b(room.encode(), digest_size=16).digest()
