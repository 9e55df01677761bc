"""Another codec: a program that reads inputs on stdin and writes a line of JSON for each.

An input is one byte for its reader ("c", "r", "p"), four for its length, the high byte first, and
the bytes. The first line of all is a hello, `{"adapter": "name"}`. Programs may answer when nothing
more is at hand, so inputs come in batches. When a program dies within a batch, some of its answers
are lost with it. So the batch is given once more to a new one, an input at a time: that shows which
one kills it.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.fuzz.codec.sides.answer import CRASHED, HUNG, Answer, read
from clients.fuzz.codec.sides.program import MOST_SAID, End, Program, TooMuch
from clients.fuzz.inputs.case import Reader

PATIENCE = 5.0
"""Seconds without an answer after which a program is said to hang."""

STARTING = 30.0
"""Seconds within which a program must say hello."""

MOST_DEATHS = 50
"""A program that died so often is asked no more: each start takes its time."""

MOST_HANGS = 5
"""Likewise, of one that hung: that takes as long as many starts."""

TOO_MUCH = f"wrote {MOST_SAID >> 20} MiB, and no line of it ended"

LETTERS = {Reader.CLIENT_FRAME: b"c", Reader.RELAY_FRAME: b"r", Reader.PAYLOAD: b"p"}

Line = bytes | Answer
"""What came for an input: a line, or how the program ended instead."""


class AdapterError(Exception):
    """The program does not speak the adapters' protocol: there is nothing to compare with."""


class Hello(NamedTuple):
    """What a program says of itself."""

    name: str
    is_lossy: bool
    """Whole floats and ints are one to it."""
    is_unordered: bool
    """Its maps do not keep the order of the wire."""


def framed(reader: Reader, data: bytes) -> bytes:
    """Return an input as it goes to a program."""
    return LETTERS[reader] + len(data).to_bytes(4) + data


def parsed(line: Line) -> Answer:
    return read(line) if isinstance(line, bytes) else line


class Adapter:
    """A codec that is a program. `begin` gives it a batch, `finish` waits for the answers.

    Use it as a context manager: at its end the process is gone.
    """

    def __init__(
        self,
        command: str,
        patience: float = PATIENCE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the program.

        Raises:
            AdapterError: it cannot be started, or does not say hello.
        """
        self.command = command
        self.deaths = self.hangs = 0
        self.skipped = 0
        """Inputs that the program skipped, of those that nobody has counted yet."""
        self._patience = patience
        self._environment = {**os.environ, **(environment or {})}
        self._batch: Sequence[bytes] = ()
        self._start()

    def __enter__(self) -> Adapter:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.end()

    @property
    def is_worn_out(self) -> bool:
        """Whether it died or hung too often to be asked on."""
        return self.deaths >= MOST_DEATHS or self.hangs >= MOST_HANGS

    def begin(self, batch: Sequence[bytes]) -> None:
        """Give a batch of framed inputs.

        Raises:
            AdapterError: the program has said more than it was asked.
        """
        if self._program.has_more:
            raise AdapterError(f"{self.hello.name} wrote more than one line for an input")
        self._batch = batch
        self._program.give(b"".join(batch))

    def finish(self) -> list[Line]:
        """Return what came for each input of the batch; less where the program is worn out.

        Raises:
            AdapterError: the program has said more than it was asked, or closed a pipe.
        """
        lines: list[Line] = [*self._take(len(self._batch))]
        if len(lines) > len(self._batch):
            raise AdapterError(f"{self.hello.name} wrote more than one line for an input")
        return lines if len(lines) == len(self._batch) else self._one_by_one(len(lines))

    def ask(self, batch: Sequence[bytes]) -> list[Answer]:
        """Give a batch and return its answers."""
        self.begin(batch)
        return [parsed(line) for line in self.finish()]

    def _one_by_one(self, answered: int) -> list[Line]:
        """Ask a new program for the batch, and replace it whenever it dies."""
        end = self._replace()
        lines: list[Line] = []
        for one in self._batch:
            if self.is_worn_out:
                break
            self._program.give(one)
            lines += self._take(1) or [self._replace()]
        if answered < len(lines) and not any(isinstance(line, Answer) for line in lines):
            # No input kills it alone: the first that was not answered stands for all before it.
            lines[answered] = end._replace(text=f"only after other inputs: {end.text}")
        return lines

    def _take(self, count: int) -> list[bytes]:
        try:
            return self._program.take(count, self._patience)
        except TooMuch:
            raise AdapterError(f"{self.hello.name} {TOO_MUCH}") from None

    def _replace(self) -> Answer:
        """Start another program; return how this one ended.

        Raises:
            AdapterError: it did not end: it cannot be heard any more, or cannot hear. No input is
                to blame for that, and the next program would do the same.
        """
        program = self._program
        end = program.end()
        if end.is_cut_off:
            raise AdapterError(
                f"{self.hello.name} did not answer: {end.status}. {end.told}".strip()
            )
        self.deaths += 1
        self.hangs += program.is_hung
        self._start()
        half = program.half_a_line and f"Its last line did not end: {program.half_a_line}"
        how = f"no answer within {self._patience:g} s" if program.is_hung else end.status
        text = " ".join(filter(None, (f"{how}.", half, end.told)))
        return Answer(HUNG if program.is_hung else CRASHED, text=text)

    def _start(self) -> None:
        try:
            self._program = Program(shlex.split(self.command) or [""], self._environment)
        except (OSError, ValueError) as error:
            raise AdapterError(f"cannot start {self.command!r}: {error}") from None
        lines: list[bytes] = []
        try:
            lines = self._program.take(1, STARTING)
            self.hello = greeting(lines[0])
        except TooMuch:
            self._program.end()
            raise AdapterError(f"{self.command!r} {TOO_MUCH}") from None
        except (IndexError, ValueError, KeyError, TypeError, AttributeError):
            raise AdapterError(self._complaint(lines, self._program.end())) from None

    def _complaint(self, lines: Sequence[bytes], end: End) -> str:
        if self._program.is_hung:
            return f"{self.command!r} wrote nothing within {STARTING:g} s: does it flush?"
        said = lines[0][:200].decode(errors="replace") if lines else end.told or end.status
        return f'{self.command!r} does not begin with a line {{"adapter": NAME}}, but: {said}'


def greeting(line: bytes) -> Hello:
    """Read a hello."""
    said = json.loads(line)
    return Hello(
        str(said["adapter"]), said.get("floats") == "lossy", said.get("maps") == "unordered"
    )
