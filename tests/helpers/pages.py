"""Pages of Markdown whose examples are run: files that they show, and commands."""

from __future__ import annotations

import doctest
import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"(?:# |<!-- )(\S+\.(?:py|html))(?: -->)?\n")
"""The first line of an example: the name of its file, as a comment."""


@dataclass(frozen=True)
class Typed:
    """A command, and its output on the page. `...` stands for any text."""

    command: str
    printed: str

    def is_printed(self, output: str) -> bool:
        """Say whether the command printed what the page says."""
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
        """Return the examples without a file's name, which are not run."""
        code = [body for language, body in self._fences if language in ("python", "html", "js")]
        return [body for body in code if not NAME.match(body)]

    @property
    def typed(self) -> list[Typed]:
        """Return the commands of consoles, in order, with their output."""
        shown = "".join(body for language, body in self._fences if language == "console")
        entries = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", shown, re.M)
        return [Typed(command, printed) for command, printed in entries]

    @property
    def commands(self) -> list[str]:
        """Return our commands on the page: indented, in a console, or within the text."""
        prose = FENCE.sub("", self.text)
        shown = re.findall(r"^    (\S.*)$", prose, re.M) + re.findall(r"`([^`\n]+)`", prose)
        shown += [typed.command for typed in self.typed]
        ours = (line for line in shown if re.match(r"(make|(\.venv/bin/)?relay) \S", line))
        return list(dict.fromkeys(ours))
