"""One line for one event, and never more lines than a person can read."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from protocol.legible import isolated, legible_lines
from relay.policy.flood import Flood

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

LOGGERS = ("relay", "uvicorn", "responder", "asyncio")
FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
LINES_PER_SECOND = 1.0  # of one kind, on average: whoever connects could write to the log at will
LINES_BURST = 10.0
CLIENT_MADE = ("Invalid UTF-8 sequence received from client.",)
"""What uvicorn logs as an error with a traceback though it was the client's doing."""
BOUND = ("room", "player", "connection")
"""What a line is about."""


class FewLines(logging.Filter):
    """Lets a burst of lines of one kind through, then one a second that counts the rest.

    It is for all loggers of the process. What strangers cause in the relay is few lines already.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self.flood = Flood(LINES_PER_SECOND, LINES_BURST)

    def filter(self, record: logging.LogRecord) -> bool:
        # A kind is the message before its values are put in: ours and uvicorn's are constants.
        kind = str(record.msg)
        more = self.flood.passes(kind, self._now())
        if more is None:
            return False
        if kind in CLIENT_MADE:
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        if more:
            record.msg = kind + more
        return True


class OneLine(logging.Formatter):
    """Writes a record so that strangers' words in it act on no other word, line or terminal."""

    def format(self, record: logging.LogRecord) -> str:
        shown = copy.copy(record)
        match record.args:
            case None | ():
                shown.msg = legible_lines(str(record.msg))  # asyncio's have several lines
            case Mapping() as named:
                shown.args = {key: _shown(value) for key, value in named.items()}
            case values:
                shown.args = tuple(map(_shown, values))
        return super().format(shown)

    def formatException(self, ei: Any) -> str:
        return legible_lines(super().formatException(ei))


def _shown(value: object) -> object:
    return value if isinstance(value, int | float) else isolated(str(value))


def objects() -> logging.Formatter:
    """Make what writes a record as an object of JSON, in ASCII: no word acts on another."""
    # Only who wants it waits for its import.
    from structlog import processors, stdlib

    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            stdlib.ExtraAdder(BOUND),
            stdlib.add_log_level,
            stdlib.add_logger_name,
            _timed,
            processors.format_exc_info,
        ],
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.JSONRenderer(ensure_ascii=True),
        ],
    )


def _timed(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add the time at which a record was made."""
    made = datetime.fromtimestamp(event["_record"].created, UTC)
    event["timestamp"] = made.isoformat(timespec="milliseconds")
    return event


def set_up(level: str, form: Literal["text", "json"] = "text") -> None:
    """Write the relay's log to the standard error stream.

    Args:
        level: debug, info, warning or error; of uvicorn's events only warnings and errors are
            logged, since the others name URLs with their queries.
        form: lines for people, or objects for programs.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(objects() if form == "json" else OneLine(FORMAT))
    handler.addFilter(FewLines())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper() if name == "relay" else logging.WARNING)
