"""Servers that start several relays on one port: one of them serves, the others say what to do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.helpers.peers import PATIENCE

APP = """
from roomwire import create_app
app = create_app()
"""
ADDRESS = re.compile(r"unning on (http://[\d.:]+)")
TRIES = 200  # connections, of which each process accepts at least one

UVICORN = ("uvicorn", "app:app", "--port", "0")


@contextmanager
def served(folder: Path, *command: str) -> Iterator[tuple[Callable[[], str], Path]]:
    """Run a server as users do. Yields: what returns its URL, and its log."""
    (folder / "app.py").write_text(APP)
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield (
                lambda: in_time(lambda: (found := ADDRESS.search(log.read_text())) and found[1]),
                log,
            )
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def in_time(find: Callable[[], str | None]) -> str:
    """Poll for what another program does. Returns: what was found at last."""
    deadline = time.monotonic() + 3 * PATIENCE
    while (found := find()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def rooms(url: str) -> int | None:
    """Return how many rooms there are, as one process says; None if it refuses to serve."""
    answer = httpx.get(f"{url}/api/relay")
    if answer.status_code == 503:
        assert "relay serve --workers" in answer.json()["detail"]
        return None
    assert answer.status_code == 200
    count: int = answer.json()["rooms"]
    return count


def test_of_several_processes_one_serves(tmp_path: Path) -> None:
    with served(tmp_path, *UVICORN, "--workers", "2") as (url_of, log):
        url = url_of()
        in_time(lambda: "up" if log.read_text().count("startup complete") == 2 else None)
        name = 0
        counts: set[int | None] = set()
        for _ in range(TRIES):
            made = httpx.post(f"{url}/api/rooms", json={"name": f"R{name}"})
            name += made.status_code == 201
            counts.add(rooms(url))
            if None in counts and name > 3:
                break
        assert None in counts
        # Had two processes served, one of them would have fewer rooms than were made.
        assert {count for _ in range(20) if (count := rooms(url)) is not None} == {name}
        assert log.read_text().count("refuses to serve") == 1


def test_a_server_that_reloads_goes_on(tmp_path: Path) -> None:
    with served(tmp_path, *UVICORN, "--reload") as (url_of, log):
        url = url_of()
        in_time(lambda: "up" if "startup complete" in log.read_text() else None)
        assert httpx.post(f"{url}/api/rooms", json={"keep": 3600}).status_code == 201
        assert rooms(url) == 1
        (tmp_path / "app.py").write_text(f"{APP}\n# changed\n")
        in_time(lambda: "up" if log.read_text().count("startup complete") == 2 else None)
        assert rooms(url) == 0
        assert "refuses" not in log.read_text()
