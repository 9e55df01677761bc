"""What the files at the root promise each other."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock",
    "clients/browser/node.lock",
    "clients/browser/package-lock.json",
    "tests/benchmarks/peers/package-lock.json",
)
FUNDING = re.compile(r'"url": "https://[^"]*"')


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock: str) -> None:
    """A lock with addresses would work only for those who reach the same registry as its maker."""
    text = FUNDING.sub("", (ROOT / lock).read_text())
    assert "://" not in text
    assert '"resolved"' not in text


def test_both_packages_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    package = json.loads((ROOT / "clients/browser/package.json").read_text())
    lock = json.loads((ROOT / "clients/browser/package-lock.json").read_text())
    assert package["version"] == project["version"] == lock["version"]
