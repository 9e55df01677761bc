"""Pages of Markdown whose examples are run: the files that they show, and what is typed."""

from __future__ import annotations

import doctest
import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"(?:# |<!-- )(\S+\.(?:py|html))(?: -->)?\n")
"""The first line of an example: the file's name, as a comment."""


@dataclass(frozen=True)
class Typed:
    """A command, and what the page says that it prints; `...` stands for anything."""

    command: str
    printed: str

    def is_printed(self, output: str) -> bool:
        """Say whether the command has printed what the page says."""
        return doctest.OutputChecker().check_output(self.printed, output, doctest.ELLIPSIS)


class Page:
    """A page, with its examples."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text()
        self._fences: list[tuple[str, str]] = FENCE.findall(self.text)

    @property
    def files(self) -> dict[str, str]:
        """Return the files that the page shows, by name."""
        return {name[1]: body for _, body in self._fences if (name := NAME.match(body))}

    @property
    def fragments(self) -> list[str]:
        """Return examples that are no file of a name, and so are not run."""
        code = [body for language, body in self._fences if language in ("python", "html", "js")]
        return [body for body in code if not NAME.match(body)]

    @property
    def typed(self) -> list[Typed]:
        """Return what is typed in consoles, in order, with what is printed."""
        shown = "".join(body for language, body in self._fences if language == "console")
        entries = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", shown, re.M)
        return [Typed(command, printed) for command, printed in entries]

    @property
    def commands(self) -> list[str]:
        """Return commands of ours that the page names: indented, in a console, or in the text."""
        prose = FENCE.sub("", self.text)
        shown = re.findall(r"^    (\S.*)$", prose, re.M) + re.findall(r"`([^`\n]+)`", prose)
        shown += [typed.command for typed in self.typed]
        ours = (line for line in shown if re.match(r"(make|(\.venv/bin/)?relay) \S", line))
        return list(dict.fromkeys(ours))
