"""What a client under test is to print, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from clients.fuzz.peers.faults import differ
from clients.fuzz.peers.plan.life import FIELDS, Report
from clients.fuzz.peers.program import Program
from protocol import frames


@dataclass
class Expected:
    """An event that the program is to print."""

    report: Report
    seq: int
    """The seq of a fact of the room's present epoch; 0 for everything else."""
    is_optional: bool = False


@dataclass
class Printed:
    """The events of one conversation, in order."""

    program: Program
    expected: list[Expected] = field(default_factory=list)
    values: dict[tuple[object, object], list[object]] = field(default_factory=dict)
    """Volatile values that were told, by key and sender."""
    gave_up: bool = False
    """The client has closed the room by itself, with a code of its own."""

    def expect(self, report: Report, seq: int = 0) -> None:
        """Take note of an event to come, if it is one that the program prints."""
        if report[0] == "message" and "history" not in self.program.can:
            report = (*report[:-1], None)
        if report[0] in self.program.reports:
            self.expected.append(Expected(report, seq))

    def expect_value(self, update: frames.Update) -> None:
        """Take note of a volatile value."""
        slot = (update.key, update.sender)
        self.values.setdefault(slot, []).append(update.payload.hex())

    def expect_end(self) -> None:
        """Take note that the client leaves for good, as it may after the relay broke the rules."""
        self.expect(("closed", None))
        self.gave_up = True

    def forget_beyond(self, seq: int) -> None:
        """What came after a position of the present life is told again."""
        self.expected = [each for each in self.expected if each.seq <= seq]

    def begin_life(self) -> None:
        """What was told so far has no place in the order of what follows."""
        for each in self.expected:
            each.seq = 0

    def need_not(self, since: int = 0) -> None:
        """What was told from here on may be left out: there was no LIVE."""
        for each in self.expected[since:]:
            each.is_optional = True

    def compare(self, patience: float, step: str) -> None:
        """Read the program's lines up to `closed`, and compare them with what it was told.

        Raises:
            Fault: something is missing, doubled, in another order or wrong.
        """
        got = [(kind, *values) for kind, *values in self._lines(patience)]
        if self.gave_up:
            got[-1] = ("closed", None)
        self._match([report for report in got if report[0] != "update"], step)
        if "update" in self.program.reports:
            self._match_values([report for report in got if report[0] == "update"], step)

    def _lines(self, patience: float) -> Iterator[Report]:
        kind = ""
        while kind != "closed":
            line = self.program.line(patience)
            kind = str(line.get("event"))
            if kind in self.program.reports and kind in FIELDS:
                yield (kind, *(line.get(name) for name in FIELDS[kind]))

    def _match(self, got: list[Report], step: str) -> None:
        places = {0}
        for report in got:
            places = {
                at + 1
                for place in places
                for at in self._next(place)
                if self.expected[at].report == report
            }
        if len(self.expected) not in places:
            needed = [each.report for each in self.expected if not each.is_optional]
            raise differ([*needed], [*got], f"{step}: what the program printed")

    def _next(self, place: int) -> Iterator[int]:
        """Yield what may be printed next: what may be left out, and the first that may not."""
        for at in range(place, len(self.expected)):
            yield at
            if not self.expected[at].is_optional:
                return

    def _match_values(self, got: list[Report], step: str) -> None:
        """SPEC 14.1: older values may be left out, and none comes after a newer one."""
        for slot, told in self.values.items():
            heard = [report[3] for report in got if report[1:3] == slot]
            rest = iter(told)
            if not all(value in rest for value in heard) or heard[-1:] != told[-1:]:
                raise differ([*told], [*heard], f"{step}: volatile values {slot}")
