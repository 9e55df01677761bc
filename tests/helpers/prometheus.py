"""A real Prometheus that scrapes relays; `python -m tests.helpers.prometheus --install` gets it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.helpers import debian

PROGRAMS = ("prometheus", "promtool")
LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
READY = "Server is ready"
SECONDS = 30
EVERY = "500ms"


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def asks(self, path: str, **query: str) -> Any:
        """Return what its API answers. It answers HTTP 4xx to what is no expression."""
        url = f"{self.url}/api/v1/{path}?{urlencode(query)}"
        with urllib.request.urlopen(url, timeout=SECONDS) as response:
            answer = json.load(response)
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression yields at this moment."""
        found: list[dict[str, Any]] = self.asks("query", query=expression)["result"]
        return found


@contextmanager
def prometheus(*relays: str, rules: Path) -> Iterator[Prometheus]:
    """Run a Prometheus, on a free port. It scrapes from 5 s after its start on.

    Args: relays: host and port of each that it scrapes.
    """
    configuration = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "roomwire", "static_configs": [{"targets": relays}]}],
    }
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "prometheus.yml")
        file.write_text(json.dumps(configuration))  # which is YAML, too
        command = [
            find("prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={name}/data",
            "--web.listen-address=127.0.0.1:0",
        ]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield Prometheus(f"http://{_address(process)}")
            finally:
                process.kill()
                process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    log, address = "", ""
    for line in process.stderr:
        log += line
        if found := LISTENING.search(line):
            address = found[1]
        if READY in line:
            return address
    raise AssertionError(f"Prometheus did not start: {log}")


def judged(rules_test: Path) -> str:
    """Return what promtool says of a test of rules, which must pass."""
    command = [find("promtool"), "test", "rules", str(rules_test)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def find(program: str) -> str:
    """Return where a program is."""
    where = shutil.which(program)
    assert where, f"this test needs {program}: `make prometheus` installs it"
    return where


def install() -> str:
    """Return a sentence about the Prometheus that is there now."""
    if not all(map(shutil.which, PROGRAMS)):
        # Nothing is to be started that was not asked for.
        os.environ["RUNLEVEL"] = "1"
        debian.install("prometheus")
    if not all(map(shutil.which, PROGRAMS)):
        sys.exit(
            "The tests of monitoring need prometheus and promtool, and apt-get (as root) could "
            "not install them: install them so that they are on PATH, and run again."
        )
    return "Prometheus: " + ", ".join(map(find, PROGRAMS))


if __name__ == "__main__":
    print(install())
