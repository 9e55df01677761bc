"""The commands `relay decode` and `relay encode`. The relay finds them by their entry points."""

from __future__ import annotations

import base64
import contextlib
import json as json_module
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import App, CycloptsError, Parameter

from clients.decode import spelling
from clients.decode.listing import Listing
from clients.decode.short import NotEncodable
from clients.decode.sources import files
from clients.decode.sources.said import NotReadable, Said
from clients.decode.sources.text import FORMS, bytes_of

Switch = Annotated[bool, Parameter(negative=())]

LONGEST_NAME: Final = 255
"""Bytes of a file's name, on the systems that people have."""

DECODE_EXAMPLES = """Examples:
  relay decode "93 10 C3 C4 02 68 69"
  relay decode kxDDxAJoaQ== --from client
  relay decode game.har
  relay decode loopback.pcapng --json
  relay decode --as base64 < lines.txt

A browser exports HAR from the network tab of its developer tools, which must be open before the \
page connects. `tcpdump -i lo -w loopback.pcap port 8000` captures what is said on this machine; \
captures need `pip install roomwire[capture]`. Both hold seat secrets and passwords.

The exit status is 0 where all is well, 1 where a message breaks a rule, 2 where the command line \
or the input is wrong.
"""

ENCODE_EXAMPLES = """Examples:
  relay encode '{"frame": "SEND", "target": true, "payload": {"say": "hi"}}'
  relay encode '{"frame": "KICK", "player": 3, "reason": "afk"}' --to base64
  relay encode '{"frame": "SEND", "target": null, "payload": {"$hex": "CAFE"}}'
  relay decode "93 10 C3 C4 02 68 69" --json | relay encode

A short form names a frame and its fields, as SPEC.md does. A payload is any JSON value, and is \
packed; {"$hex": "CAFE"} stands for bytes. The output of `relay decode --json` is encoded by its \
tree: change a value in it, and the heads around it are right again.
"""

decode = App(
    name="decode",
    help="Show what bytes of the wire say: a frame in hex or base64, a HAR export, a capture.",
    help_format="plaintext",
    help_epilogue=DECODE_EXAMPLES,
)
encode = App(
    name="encode",
    help="Write a frame as bytes: from a short form, or what `relay decode --json` printed.",
    help_format="plaintext",
    help_epilogue=ENCODE_EXAMPLES,
)


@decode.default
def decode_command(
    what: str | None = None,
    /,
    *,
    sender: Annotated[
        Literal["client", "relay", "payload"] | None, Parameter(name="--from")
    ] = None,
    shape: Annotated[
        Literal["hex", "base64", "python", "raw", "har", "capture"] | None,
        Parameter(name="--as"),
    ] = None,
    full: Switch = False,
    json: Switch = False,
) -> int:
    """Show what bytes of the wire say, beside the bytes; and the first rule that they break.

    Args:
        what: bytes in hex, base64 or as Python prints them, or a file; stdin if left out
        sender: who sent it; payload is what a game packed; guessed if neither you nor the file say
        shape: what the input is; found out if left out
        full: show all bytes of what is long
        json: print a line of JSON for each message
    """
    with _one_sentence():
        found = _messages(what, shape)
        return Listing(full, json).show(found, sender)


@encode.default
def encode_command(
    what: str | None = None, /, *, to: Literal["hex", "base64", "raw"] = "hex"
) -> None:
    """Write a frame as bytes.

    Args:
        what: JSON: a short form, a message of `relay decode --json`, or several; stdin if left out
        to: what to print; raw writes the bytes themselves, one message after another
    """
    with _one_sentence():
        for told in _jsons(_stdin().decode() if what is None else what):
            _write(spelling.encode(told), to)


def _messages(what: str | None, shape: str | None) -> list[Said]:
    if what is None:
        return files.read(_stdin(), shape)
    path = Path(what)
    if len(what.encode()) <= LONGEST_NAME and path.is_file():
        return files.read(path.read_bytes(), shape)
    if shape is not None and shape not in FORMS:
        raise NotReadable(f"there is no file {what[:80]}")
    return [Said(bytes_of(what, shape))]


def _stdin() -> bytes:
    if sys.stdin.isatty():
        raise NotReadable("say what, or pipe something in; --help has examples")
    return sys.stdin.buffer.read()


def _jsons(text: str) -> Iterator[Any]:
    """Yield the messages in a text: one, an array of them, or one a line."""
    decoder, text = json_module.JSONDecoder(), text.strip()
    if not text:
        raise NotEncodable("there is no JSON")
    while text:
        try:
            found, end = decoder.raw_decode(text)
        except ValueError as error:
            raise NotEncodable(f"this is no JSON: {error}") from error
        yield from found if isinstance(found, list) else [found]
        text = text[end:].strip()


def _write(data: bytes, to: str) -> None:
    if to == "raw":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        print(data.hex().upper() if to == "hex" else base64.b64encode(data).decode())


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    """Turn what a user can mend into an error of the command line."""
    try:
        yield
    except (NotReadable, NotEncodable, OSError) as error:
        raise CycloptsError(msg=str(error)) from error
