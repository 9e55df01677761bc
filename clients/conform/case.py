"""A case: one short conversation, the rules of SPEC.md that it is about, and how it can end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

Scene = TypeVar("Scene")
"""What a case plays in: the relay under test with its clients, or the client with its relay."""

Play = Callable[[Scene], Awaitable[None]]


class Breach(Exception):
    """The one under test broke a rule. Attributes: rule: its id; text: what was seen."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"SPEC {rule}: {text}")
        self.rule = rule
        self.text = text


class NotApplicable(Exception):
    """The one under test does not offer what the case is about. Its text says what."""


@dataclass(frozen=True)
class Case(Generic[Scene]):
    """One numbered case of one side."""

    number: str
    """As in "S12.3": the side's letter, the section, and a number within it."""
    title: str
    keeps: tuple[str, ...]
    """Rules that the conversation keeps, and sees kept."""
    breaks: tuple[str, ...]
    """Rules that the case breaks on purpose, to see the answer."""
    play: Play[Scene]
    is_slow: bool = False
    """It takes more than some seconds, as SPEC's own times are long."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Everything that it is about, what it is about first of all first."""
        return (*self.keeps, *self.breaks)

    @property
    def section(self) -> int:
        return int(self.number[1:].split(".")[0])

    def matches(self, pattern: str) -> bool:
        """Say whether `--only` means it: "S12.3", "12.*", or the id of a rule, "13.5"."""
        names = (self.number, self.number[1:])
        return pattern in self.rules or any(fnmatchcase(name, pattern) for name in names)


class Book(Generic[Scene]):
    """The cases of one side, in the order in which they are written."""

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._cases: list[Case[Scene]] = []

    def case(
        self,
        section: int,
        keeps: str = "",
        breaks: str = "",
        *,
        is_slow: bool = False,
    ) -> Callable[[Play[Scene]], Play[Scene]]:
        """Add the function below as a case; the first line of its docstring is its title.

        Args:
            section: of SPEC.md, under which it is counted.
            keeps: ids of rules, with "; " between them.
            breaks: likewise.
        """

        def add(play: Play[Scene]) -> Play[Scene]:
            number = 1 + sum(case.section == section for case in self._cases)
            title = (play.__doc__ or "").strip().splitlines()[0].rstrip(".")
            self._cases.append(
                Case(
                    f"{self._letter}{section}.{number}",
                    title,
                    ids(keeps),
                    ids(breaks),
                    play,
                    is_slow,
                )
            )
            return play

        return add

    def cases(self, only: tuple[str, ...] = ()) -> list[Case[Scene]]:
        """Return the cases that any of the patterns means, by number; without patterns, all."""
        chosen = [
            case
            for case in self._cases
            if not only or any(case.matches(pattern) for pattern in only)
        ]
        return sorted(chosen, key=lambda case: case.section)


def ids(text: str) -> tuple[str, ...]:
    """Return the ids of a list that is written as one line."""
    return tuple(filter(None, (each.strip() for each in text.split(";"))))
