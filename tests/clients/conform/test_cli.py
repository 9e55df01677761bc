"""`relay conform`, as people type it, and its score sheet."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from clients.conform.case import Breach, Case, NotApplicable
from clients.conform.catalogue import advice
from clients.conform.cli import conform
from clients.conform.page import page
from clients.conform.runner import Verdict, play_one
from clients.conform.sheet import Progress, Sheet
from clients.conform.talk import Ended
from tests.clients.conform.planted.faults import FAULTS
from tests.helpers import forked
from tests.helpers.browser import Tabs
from tests.helpers.browser import browser as browser
from tests.helpers.browser import tabs as tabs
from tests.helpers.relay import relay_process

PLAIN = shlex.join([sys.executable, "-m", "tests.clients.conform.plain"])


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", "conform", *options)


def test_a_relay_is_judged_and_the_sheet_written(tmp_path: Path) -> None:
    sheet, html = tmp_path / "sheet.json", tmp_path / "sheet.html"
    with relay_process() as relay:
        options = ["--only", "6.*", "--patience", "30", f"--json={sheet}", f"--html={html}"]
        done = run("server", relay.url, *options)
    assert done.returncode == 0, done.stderr
    assert " 6 Targets" in done.stdout
    written = json.loads(sheet.read_text())
    assert written["score"] == {"passed": 6, "failed": 0, "advised": 0, "not applicable": 0}
    assert [case["case"] for case in written["cases"]] == [f"S6.{n}" for n in range(1, 7)]
    assert "6 passed, 0 failed" in html.read_text()


def test_a_client_that_breaks_a_rule_is_told_so() -> None:
    assert "13.4a" in FAULTS["has a larger window"].rules
    done = run("client", f"{PLAIN} has a larger window", "--only", "13.4a")
    assert done.returncode == 1
    assert "FAILED C13.1" in done.stderr
    assert "SPEC 13.4a: Send(" in done.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["server", "ws://127.0.0.1:1"], "nothing listens"),
        (["server", "ftp://127.0.0.1"], "no address of a relay"),
        (["server", "ws://127.0.0.1:1", "--only", "99.1"], "no case and no rule is called 99.1"),
        (["server", "ws://127.0.0.1:99999"], "is no address of a relay: Port out of range"),
        (["server", "ws://[::1"], "is no address of a relay: Invalid IPv6 URL"),
        (["client", "no-such-program"], "the program does not start"),
        (["client", "true"], "the program has ended"),
        (["client", "echo hello"], "a line that is no event"),
    ],
)
def test_what_can_be_mended_is_said_in_one_line(options: list[str], complaint: str) -> None:
    with pytest.raises(CycloptsError, match=complaint) as raised:
        conform(options, print_error=False, exit_on_error=False)
    assert len(str(raised.value).splitlines()) == 1


def test_what_can_be_mended_ends_with_2() -> None:
    done = run("server", "ftp://127.0.0.1")
    assert done.returncode == 2
    assert done.stderr == (
        "relay: ftp://127.0.0.1 is no address of a relay, such as ws://127.0.0.1:8000\n"
    )


def a_case(number: str = "S2.1") -> Case[None]:
    async def play(_: None) -> None:
        raise AssertionError

    return Case(number, "A <title>", ("2.1a",), ("2.5a",), play)


@pytest.mark.parametrize(
    ("error", "verdict", "rule"),
    [
        (None, Verdict.PASSED, ""),
        (Breach("7 ARITY", "seen"), Verdict.FAILED, "7 ARITY"),
        (Ended(1006, ""), Verdict.FAILED, "2.1a"),
        (ConnectionRefusedError("refused"), Verdict.FAILED, "2.1a"),
        (TimeoutError(), Verdict.FAILED, "2.1a"),
        (NotApplicable("no kick"), Verdict.NOT_APPLICABLE, ""),
    ],
)
async def test_a_case_ends_in_a_verdict(
    error: Exception | None, verdict: Verdict, rule: str
) -> None:
    async def lane(_: Case[None]) -> None:
        if error is not None:
            raise error

    result = await play_one(a_case(), lane)
    assert (result.verdict, result.rule) == (verdict, rule)


async def test_who_does_otherwise_than_should_does_not_fail() -> None:
    async def lane(_: Case[None]) -> None:
        raise Breach("14.3", "nothing came")

    result = await play_one(a_case(), lane)
    assert result.verdict is Verdict.ADVISED
    assert Sheet("client", "mine", [result]).failed == []


def test_rules_that_spec_says_with_should_are_advice() -> None:
    assert {"2.3a", "13.6b", "14.3", "18.2", "21.5"} <= advice()
    assert not {"2.4", "13.6a", "18.1b"} & advice()


async def test_what_many_cases_found_is_said_once_and_summed_up() -> None:
    async def lane(case: Case[None]) -> None:
        raise Breach("12.4.2a", "alone" if case.number == "S2.4" else "seq is 2, expected 3")

    out = io.StringIO()
    progress = Progress(4, out)
    results = [await play_one(a_case(f"S2.{n}"), lane) for n in range(1, 5)]
    for result in results:
        progress.tell(result)
    said = out.getvalue()
    assert said.count("SPEC 12.4.2a: seq is 2, expected 3") == 1
    assert said.count("as S2.1") == 2
    sheet = Sheet("client", "mine", results)
    assert sheet.text().splitlines()[-2:] == [
        "3 cases alike: SPEC 12.4.2a: seq is 2, expected 3",
        "       ACK follows every LIVE with the position's seq.",
    ]
    assert "3 cases alike" in page(sheet)


def hello(can: str) -> str:
    """Return the command of a program that says hello, and ends once it is told something."""
    line = json.dumps({"event": "hello", "name": "mine", "can": [can]})
    return shlex.join([sys.executable, "-c", f"print({line!r}, flush=True); input()"])


def test_a_word_in_can_that_no_case_asks_for_is_named() -> None:
    done = run("client", hello("snapshots"), "--only", "C4.2")
    assert done.returncode == 2
    assert "'snapshots' in `can`, where these are known: clock, create, " in done.stderr


def test_a_program_that_ends_is_said_to_have_ended() -> None:
    done = run("client", hello("snapshot"), "--only", "C4.2", "--patience", "30")
    assert done.returncode == 1
    assert "no connection came: the program has ended" in done.stderr


async def test_the_page_is_readable_on_a_phone_in_the_dark(tabs: Tabs, tmp_path: Path) -> None:
    async def lane(case: Case[None]) -> None:
        raise Breach("7 ARITY", "expected Error<b>: none came, after " + "F" * 300)

    results = [await play_one(a_case(f"S2.{n}"), lane) for n in range(1, 4)]
    file = tmp_path / "sheet.html"
    file.write_text(page(Sheet("server", "ws://127.0.0.1:8000", results)))
    opened = await tabs.open(file.as_uri(), size=(390, 844))
    assert await opened.locator("li.failed").count() == 3
    assert "Error<b>: none came" in await opened.locator("li").first.inner_text()
    assert await opened.evaluate("document.documentElement.scrollWidth") <= 390
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await opened.evaluate(ground)
    await opened.emulate_media(color_scheme="dark")
    assert await opened.evaluate(ground) != light
