"""What our codec says of an input of the codec lab."""

from __future__ import annotations

from clients.fuzz.inputs.case import Reader, Verdict
from protocol.codec import Role, decode, unpack
from protocol.errors import RemoteProtocolError

ROLES = {Reader.CLIENT_FRAME: Role.CLIENT, Reader.RELAY_FRAME: Role.RELAY}


def answer(data: bytes, reader: Reader) -> Verdict:
    """Return the verdict of `decode` or `unpack`."""
    try:
        if reader is Reader.PAYLOAD:
            unpack(data)
        else:
            decode(data, ROLES[reader])
    except RemoteProtocolError as error:
        return Verdict(error.code.name, error.offset)
    return Verdict(None, None)
