"""The command `relay fuzz`. The relay finds it by the entry point; it imports no client itself."""

from __future__ import annotations

import contextlib
import json as json_module
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, validators

from clients.fuzz.codec import report
from clients.fuzz.codec.corpus import READERS, NoCorpus
from clients.fuzz.codec.settings import Settings
from clients.fuzz.codec.sides.adapter import PATIENCE, AdapterError
from clients.fuzz.grammar import grammar
from clients.fuzz.grammar.dissector import lua
from clients.fuzz.inputs import corpus as inputs
from clients.fuzz.out import check as check_out
from clients.fuzz.peers import cli as peers
from clients.fuzz.vectors import export

AtLeast1 = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Switch = Annotated[bool, Parameter(negative=())]

EXAMPLES = """Examples:
  relay fuzz codec --seconds 60
  relay fuzz codec --against "./my_codec" --count 100000
  relay fuzz client "python my_bot.py"
  relay fuzz server http://127.0.0.1:8000
  relay fuzz corpus seeds
  relay fuzz vectors vectors
  relay fuzz grammar grammar.json
  relay fuzz dissector roomwire.lua
"""

CODEC_EXAMPLES = """Examples:
  relay fuzz codec
  relay fuzz codec --seconds 28800 --jobs 4 --out night
  relay fuzz codec --against "node my_codec.mjs" --against "./my_codec"
  relay fuzz codec --against "./my_codec" --reader payload --count 100000 --json
  relay fuzz codec --against "./my_codec" --corpus seeds
  relay fuzz codec --replay findings

An adapter reads inputs on stdin, each one byte (c: a client's frame, r: a relay's, p: a payload), \
four bytes of length, the high byte first, and the bytes. It writes {"adapter": "its name"} first, \
and then a line for each input. Flush after each line:
  {"verdict": "accepted", "value": TAGGED, "again": "the re-encoding in hex"}
  {"verdict": "refused", "code": "TRUNCATED", "offset": 3}
  {"verdict": "ignored", "opcode": 77}
  {"verdict": "skipped"}

"ignored" is a relay's frame of an opcode that the codec does not know. "skipped" is no answer, \
for a codec that reads a few frames only.

TAGGED is null, true, false, an array, or an object of one key: {"i": "12"} is an int, \
{"s": "text"} a str, {"b": "00ff"} a bin, {"f": "3ff8000000000000"} a float by the bits of its \
double (every NaN is 7ff8000000000000), {"m": [["key", TAGGED], ...]} a map. A frame is \
{"frame": "SEND", "fields": {"target": TAGGED, ...}} with the names of SPEC.md; its records leave \
out what is at its default. \
A re-encoding is the shortest one, with floats of 64 bits.

A hello may add "floats": "lossy" where whole floats are ints, as in JavaScript, and "maps": \
"unordered" where maps do not keep their order. clients/fuzz/adapters has examples.

The exit status is 0 where nothing differs, 1 where something does, 2 where the command line or an \
adapter is wrong.
"""

GRAMMAR_EXAMPLES = """Examples:
  relay fuzz grammar grammar.json
  relay fuzz grammar grammar.schema.json --schema
"""

DISSECTOR_EXAMPLES = """Examples:
  relay fuzz dissector roomwire.lua
  tshark -X lua_script:roomwire.lua -i lo -Y roomwire
"""

fuzz = App(
    name="fuzz",
    help="Try a codec, a client or a relay with damaged input, and say what it does wrong.",
    help_format="plaintext",
    help_epilogue=EXAMPLES,
)


fuzz.command(peers.client, help_epilogue=peers.CLIENT_EXAMPLES + peers.EXIT)
fuzz.command(peers.server, help_epilogue=peers.SERVER_EXAMPLES + peers.EXIT)


@fuzz.command(help_epilogue=CODEC_EXAMPLES)
def codec(
    *,
    against: Annotated[list[str] | None, Parameter(negative=())] = None,
    compiled: Path | None = None,
    corpus: Path | None = None,
    reader: Literal["client", "relay", "payload"] | None = None,
    seconds: Positive | None = None,
    count: AtLeast1 | None = None,
    seed: int = 0,
    first: Switch = False,
    jobs: AtLeast1 = 1,
    patience: Positive = PATIENCE,
    out: Path = Path("findings"),
    replay: Path | None = None,
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Give damaged messages to our codec and to others, and say where two differ.

    Our codec is held against what SPEC.md wants of each message, against its own
    re-encoding and against its shortcuts; another one is held against ours.

    Args:
        against: a program to compare with, as one would type it; may be given several times
        compiled: folder that a compiled wheel was installed to: compare with that
        corpus: folder of inputs to replay instead of making some
        reader: what the bytes are read as; all three if left out
        seconds: how long it goes on; 10 if no count is given either
        count: how many inputs
        seed: of the inputs: the same seed, the same inputs
        first: end with the first batch of inputs in which something differs
        jobs: processes that share the work
        patience: seconds without an answer after which a program is said to hang
        out: folder for what is found; it is made when there is something
        replay: folder of one finding, or of several: judge those again, and nothing else
        json: print the summary as JSON
        quiet: show no progress
    """
    if seconds is None and count is None and corpus is None:
        seconds = 10
    settings = Settings(
        seed=seed,
        reader=None if reader is None else READERS[reader],
        seconds=seconds,
        count=count,
        first=first,
        jobs=jobs,
        against=tuple(against or ()),
        compiled=compiled,
        corpus=corpus,
        patience=patience,
    )
    with _one_sentence():
        check_out(out)
        done = report.replayed(replay, settings) if replay else report.hunted(settings, out, quiet)
    print(json_module.dumps(done.as_dict(), indent=2) if json else done)
    if done.tally.trouble:
        return 2
    return 1 if done.findings else 0


@fuzz.command(name="corpus", help_epilogue="Examples:\n  relay fuzz corpus seeds\n")
def corpus_command(folder: Path, /) -> None:
    """Write a corpus of seeds: one file an input, and a manifest that says what each is for.

    Args:
        folder: where to; it is made if it is not there
    """
    with _one_sentence():
        count = inputs.write(folder)
    print(f"{count} files in {folder}")


@fuzz.command(help_epilogue="Examples:\n  relay fuzz vectors vectors\n")
def vectors(folder: Path, /) -> None:
    """Write the test vectors of the wire, as JSON, with the version that they are of.

    Args:
        folder: where to; it is made if it is not there
    """
    with _one_sentence():
        export(folder)


@fuzz.command(name="grammar", help_epilogue=GRAMMAR_EXAMPLES)
def grammar_command(file: Path | None = None, /, *, schema: Switch = False) -> None:
    """Write the grammar of the wire as JSON: frames, records, bounds, errors and close codes.

    Args:
        file: where to; it is printed if none is given
        schema: write the JSON Schema of the grammar instead
    """
    _write(grammar.SCHEMA.read_text("utf-8") if schema else grammar.text(), file)


@fuzz.command(help_epilogue=DISSECTOR_EXAMPLES)
def dissector(file: Path | None = None, /) -> None:
    """Write a dissector of the wire for Wireshark and tshark, in Lua.

    Args:
        file: where to; it is printed if none is given
    """
    _write(lua(), file)


def _write(text: str, file: Path | None) -> None:
    if file is None:
        print(text, end="")
        return
    with _one_sentence():
        file.write_text(text, "utf-8")


@contextlib.contextmanager
def _one_sentence() -> Iterator[None]:
    """Turn what a user can mend into an error of the command line."""
    try:
        yield
    except (AdapterError, NoCorpus, OSError) as error:
        raise CycloptsError(msg=str(error)) from error
