"""The log has one line for one event, and no more than a person can read."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from relay.node.journal import Journal
from relay.server import logs
from relay.server.logs import FewLines


@pytest.fixture
def _loggers_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in logs.LOGGERS]
    before = [(each.handlers[:], each.propagate, each.level) for each in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("relay", logging.WARNING, "", 1, message, values, None)


def test_a_flood_of_one_kind_is_cut_and_counted() -> None:
    now = 0.0
    few = FewLines(lambda: now)
    passed = [few.filter(record("bad frame from %s", number)) for number in range(100)]
    assert passed == [True] * 10 + [False] * 90
    now = 1.0
    after = record("bad frame from %s", "x")
    assert few.filter(after)
    assert after.getMessage() == "bad frame from x; 90 more like it"


def test_another_kind_passes_meanwhile() -> None:
    few = FewLines(lambda: 0.0)
    for _ in range(100):
        few.filter(record("bad frame"))
    assert few.filter(record("room %s is open", "A"))


def test_what_a_client_did_has_no_traceback() -> None:
    invalid = record(logs.CLIENT_MADE[0])
    invalid.exc_info = (ValueError, ValueError(), None)
    assert FewLines(lambda: 0.0).filter(invalid)
    assert invalid.exc_info is None


@pytest.mark.usefixtures("_loggers_as_before")
def test_urls_with_their_queries_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("debug")
    logging.getLogger("uvicorn.error").info('"WebSocket %s" [accepted]', "/r/A?token=CANARY")
    logging.getLogger("relay").debug("room %s is open", "A")
    written = capsys.readouterr().err
    assert "CANARY" not in written
    assert written.count("\n") == 1
    assert written.endswith("DEBUG   room A is open\n")


@pytest.mark.usefixtures("_loggers_as_before")
def test_strangers_words_act_neither_on_a_line_nor_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("debug")
    log = logging.getLogger("relay")
    log.info("%s is host of %s for %d s", "Ann\u202e\x1b[2J\nERROR", "\u05d3\u05df", 5)
    log.info("%(who)s is here", {"who": "Bob\u200b"})
    log.warning("a template\u202e")
    log.error("%s", ValueError("\u2066no\rname"))
    lines = [line.split(maxsplit=2)[2] for line in capsys.readouterr().err.split("\n")[:-1]]
    assert lines == [
        "INFO    Ann[2J ERROR is host of \u2068\u05d3\u05df\u2069 for 5 s",
        "INFO    Bob is here",
        "WARNING a template",
        "ERROR   no name",
    ]


@pytest.mark.usefixtures("_loggers_as_before")
def test_a_traceback_keeps_its_lines_and_drops_what_acts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("debug")
    try:
        raise ValueError("\x1b]0;mine\x07\u202eAnn")
    except ValueError:
        logging.getLogger("relay").exception("no game")
    first, *_, indented, last = capsys.readouterr().err.splitlines()
    assert first.endswith("ERROR   no game")
    assert indented.startswith("    raise ValueError(")
    assert last == "ValueError: ]0;mineAnn"


@pytest.mark.usefixtures("_loggers_as_before")
def test_an_object_has_the_sentence_and_what_it_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("debug", "json")
    journal = Journal()
    journal.lost(12, "K7QF", 3)
    journal.opened("Ann\u202e\x1b[2J\nERROR")
    lost, opened = capsys.readouterr().err.splitlines()
    found = json.loads(lost)
    assert datetime.fromisoformat(found.pop("timestamp")).utcoffset() == timedelta(0)
    assert found == {
        "event": "room K7QF: player 3: connection 12 is lost",
        "level": "debug",
        "logger": "relay",
        "room": "K7QF",
        "player": 3,
        "connection": 12,
    }
    assert opened.isascii()
    assert opened.isprintable()
    assert json.loads(opened)["room"] == "Ann\u202e\x1b[2J\nERROR"


@pytest.mark.usefixtures("_loggers_as_before")
def test_an_object_has_its_traceback_and_counts_those_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("info", "json")
    try:
        raise ValueError("no game")
    except ValueError as error:
        Journal().failed(1, "R", None, error)
    for _ in range(20):
        logging.getLogger("relay").warning("too much of %s", "it")
    first, *others = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["exception"].endswith("ValueError: no game")
    assert (first["room"], first["connection"], first["level"]) == ("R", 1, "error")
    assert "player" not in first
    assert [each["event"] for each in others] == ["too much of it"] * 10
