"""What tests of kept rooms share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rooms.state"


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    logger = logging.getLogger("relay")
    before = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = True
    with caplog.at_level(logging.INFO):
        yield
    logger.level, logger.propagate = before
