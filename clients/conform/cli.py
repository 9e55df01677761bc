"""The command `relay conform`. The relay finds it by the entry point."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_module
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import App, CycloptsError, Parameter, validators

from clients.conform import catalogue
from clients.conform.case import Case
from clients.conform.client import run as client_run
from clients.conform.client.program import Silent
from clients.conform.page import page
from clients.conform.server import run as server_run
from clients.conform.sheet import Progress, Sheet

Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Jobs = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=64))]
Several = Annotated[tuple[str, ...], Parameter(negative=(), consume_multiple=True)]
Switch = Annotated[bool, Parameter(negative=())]

EXAMPLES = """Examples:
  relay conform server ws://127.0.0.1:8000
  relay conform client "python -m clients.conform.testees.python_async"
  relay conform client "./my-client --conform" --only "13.*" --html sheet.html
  relay conform rules 12
"""

conform = App(
    name="conform",
    help="Check a client or a relay against SPEC.md: numbered cases, and a score sheet.",
    help_format="plaintext",
    help_epilogue=EXAMPLES,
)


@conform.command
def server(
    url: str,
    *,
    only: Several = (),
    jobs: Jobs = 8,
    patience: Positive = 3,
    json: Path | None = None,
    html: Path | None = None,
) -> int:
    """Judge a relay: play clients, legal and broken, each case in a room of its own.

    Exit status: 0 if no case failed, 1 if one did. A case that is advised does
    otherwise than SPEC says with SHOULD, and does not fail.

    Args:
        url: of the relay, such as ws://127.0.0.1:8000
        only: cases ("S12.3", "12.*") or rules ("13.5", "7 BAD_UTF8"); all if left out
        jobs: cases at a time; use 1 for a relay that is not on this machine
        patience: seconds to wait for what should come at once
        json: file to write the score sheet to, as JSON
        html: file to write it to as a page
    """
    address = _address(url)
    chosen = _some(server_run.cases(only), only)
    progress = Progress(len(chosen))
    with _one_sentence(f"nothing listens at {url}"):
        found = asyncio.run(server_run.run(address, chosen, jobs, patience, progress.tell))
    progress.end()
    return _end(Sheet("server", address, found), json, html)


@conform.command
def client(
    command: str,
    *,
    only: Several = (),
    jobs: Jobs = 4,
    patience: Positive = 3,
    json: Path | None = None,
    html: Path | None = None,
) -> int:
    """Judge a client: start a program that has it, and play the relay for it.

    The program reads lines of JSON that say what to do, and writes lines of what
    it hears: see docs/guide/conformance.md.

    Exit status: 0 if no case failed, 1 if one did. A case that is advised does
    otherwise than SPEC says with SHOULD, and does not fail.

    Args:
        command: that starts the program, in quotes
        only: cases ("C12.3", "12.*") or rules ("13.5", "8 4502"); all if left out
        jobs: programs at a time
        patience: seconds to wait for what should come at once
        json: file to write the score sheet to, as JSON
        html: file to write it to as a page
    """
    chosen = _some(client_run.cases(only), only)
    progress = Progress(len(chosen))
    with _one_sentence("the program does not start"):
        name, found = asyncio.run(client_run.run(command, chosen, jobs, patience, progress.tell))
    progress.end()
    return _end(Sheet("client", name, found), json, html)


@conform.command
def rules(section: str = "", *, json: Switch = False) -> int:
    """List the rules of SPEC.md with the cases that keep and break each, or why there is none.

    Args:
        section: only those whose ids begin so, such as 12 or 12.3
        json: print them as JSON
    """
    found = [
        rule
        for rule in every_rule().values()
        if not section or rule.id.split()[0] == section or rule.id.startswith(f"{section}.")
    ]
    print(json_module.dumps([_as_dict(rule) for rule in found], indent=2) if json else _list(found))
    return 0


def every_rule() -> dict[str, catalogue.Rule]:
    """Return the whole catalogue."""
    return catalogue.catalogue({"client": client_run.cases(), "server": server_run.cases()})


def _list(found: list[catalogue.Rule]) -> str:
    lines = []
    for rule in found:
        kept = [*rule.kept["client"], *rule.kept["server"]]
        broken = [*rule.broken["client"], *rule.broken["server"]]
        lines.append(f"{rule.id} ({rule.binds}): {rule.asks}")
        lines += [f"    kept in {', '.join(kept)}"] * bool(kept)
        lines += [f"    broken in {', '.join(broken)}"] * bool(broken)
        lines += [f"    broken by a {side} that {' or '.join(faults)}"
                  for side, faults in rule.planted.items() if faults]  # fmt: skip
        lines += [f"    {side}: {reason}" for side, reason in rule.unbroken.items()]
        lines += [f"    {side}: {rule.reason or 'no case yet'}" for side in rule.open]
    count = catalogue.Count.of(found)
    return "\n".join([*lines, str(count)])


def _as_dict(rule: catalogue.Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "binds": rule.binds,
        "asks": rule.asks,
        "kept": rule.kept,
        "broken": rule.broken,
        "planted": rule.planted,
        "unbroken": rule.unbroken,
        "reason": rule.reason,
        "open": rule.open,
    }


def _some(chosen: list[Case[Any]], only: tuple[str, ...]) -> list[Case[Any]]:
    if not chosen:
        raise CycloptsError(msg=f"no case and no rule is called {' or '.join(only)}")
    return chosen


def _address(url: str) -> str:
    """Return ws://host:port for what a user writes; raises where that is none."""
    try:
        parts = urlsplit(url if "://" in url else f"ws://{url}")
        _ = parts.port  # it is read, and so found wrong, where it is asked for
    except ValueError as error:
        raise CycloptsError(msg=f"{url} is no address of a relay: {error}") from None
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.netloc or parts.path not in ("", "/"):
        raise CycloptsError(msg=f"{url} is no address of a relay, such as ws://127.0.0.1:8000")
    return f"{scheme}://{parts.netloc}"


@contextlib.contextmanager
def _one_sentence(what: str) -> Iterator[None]:
    """Turn what a user can mend into an error of the command line. `what`: a failure means."""
    try:
        yield
    except Silent as error:
        raise CycloptsError(msg=f"the program cannot be judged: {error}") from error
    except OSError as error:
        raise CycloptsError(msg=f"{what}: {error.strerror or error}") from error


def _end(sheet: Sheet, json: Path | None, html: Path | None) -> int:
    print(sheet.text())
    if json is not None:
        json.write_text(json_module.dumps(sheet.as_dict(), indent=2) + "\n", encoding="utf-8")
    if html is not None:
        html.write_text(page(sheet), encoding="utf-8")
    return 1 if sheet.failed else 0
