"""The wheel is what users get: it runs without Node, so it must carry what Node built."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
CARRIED = {
    "protocol/SPEC.md",
    "relay/web/index.html",
    "relay/web/room.html",
    "relay/web/client/roomwire.js",
    "relay/web/client/roomwire.d.ts",
    "relay/web/client/roomwire-client.tgz",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build it with the packages at hand, and return the names of its files."""
    folder = tmp_path_factory.mktemp("dist")
    command = ["uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    subprocess.run(
        [sys.executable, "-m", *command, "--python", sys.executable, "--out-dir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_what_was_built(wheel: set[str]) -> None:
    assert wheel >= CARRIED


def test_the_wheel_leaves_sources_of_the_browser_client_out(wheel: set[str]) -> None:
    assert not {name for name in wheel if name.startswith("clients/browser/")}
