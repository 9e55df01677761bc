"""Run the TypeScript tests beside this file, so that one command tells about all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

NODE = Path(__file__).parents[3] / "clients" / "browser" / "node.py"


@pytest.mark.timeout(900)  # npm may have to install its packages first
def test_the_typescript_tests_pass() -> None:
    run = subprocess.run(
        [sys.executable, NODE, "npm", "run", "--silent", "test"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    # A run that runs nothing succeeds too.
    assert re.search(r"\btests [1-9]", run.stdout), run.stdout
    assert re.search(r"\bskipped 0\b", run.stdout), run.stdout
