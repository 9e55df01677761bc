"""What bytes of the wire say, and the way back: `relay decode` and `relay encode` as functions.

    from roomwire.decoded import decode, show

    print(show(decode(bytes.fromhex("9310C3C4026869"))))

`read` finds the messages in a browser's HAR export or in a capture of packets. `encode` writes a
frame from a short form, or from the tree that `as_json` returns.
"""

from __future__ import annotations

from clients.decode.decoded import decode
from clients.decode.message import Decoded, Fault
from clients.decode.short import NotEncodable
from clients.decode.showing import show
from clients.decode.sources.files import read
from clients.decode.sources.said import NotReadable, Said
from clients.decode.spelling import as_json, encode
from clients.decode.tree import Node
from clients.fuzz.inputs.case import Reader

__all__ = [
    "Decoded",
    "Fault",
    "Node",
    "NotEncodable",
    "NotReadable",
    "Reader",
    "Said",
    "as_json",
    "decode",
    "encode",
    "read",
    "show",
]
