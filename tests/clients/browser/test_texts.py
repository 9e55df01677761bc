"""Errors have the same words in both languages, as far as they name what is wrong and where."""

from __future__ import annotations

import json
import subprocess

from protocol.codec import Role, decode, unpack
from protocol.errors import RemoteProtocolError
from tests.helpers import vectors
from tests.helpers.node import LIBRARY, NODE_OPTIONS, find_node

PROGRAM = f"""
import {{ decode, unpack }} from "{LIBRARY.as_uri()}";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const told = (attempt) => {{ try {{ attempt(); return ""; }} catch (e) {{ return e.message; }} }};
const outcomes = JSON.parse(text).map(([hex, by]) => {{
  const message = Uint8Array.from(Buffer.from(hex, "hex"));
  return told(() => by ? decode(message, by) : unpack(message));
}});
console.log(JSON.stringify(outcomes));
"""


def javascript(messages: list[tuple[str, str | None]]) -> list[str]:
    """Return what JavaScript says of each message: a frame of a role, or else a payload."""
    run = subprocess.run(
        [find_node(), *NODE_OPTIONS, "--input-type=module", "--eval", PROGRAM],
        input=json.dumps(messages),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    outcomes: list[str] = json.loads(run.stdout)
    return outcomes


def python(message: bytes, by: str | None) -> str:
    try:
        decode(message, Role[by.upper()]) if by else unpack(message)
    except RemoteProtocolError as error:
        return str(error)
    return ""


def test_python_and_javascript_refuse_in_the_same_words() -> None:
    # TOO_BIG is the relay's alone.
    frames = [v for v in vectors.load("malformed") if v["code"] != "TOO_BIG"]
    refused = [*frames, *vectors.load("values", "rejected")]
    messages = [(vectors.message(vector["hex"]), vector.get("by")) for vector in refused]
    expected = [python(message, by) for message, by in messages]
    assert all(expected)
    assert javascript([(message.hex(), by) for message, by in messages]) == expected
