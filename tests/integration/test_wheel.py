"""The wheel is what users get: it runs without Node, so it must carry what Node built.

It carries the site of the docs, too, where that was built: half a megabyte, for a `/guide` that is
there without internet and of the relay's own version.
"""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.helpers.guide import built_guide

ROOT = Path(__file__).parents[2]
CARRIED = {
    "roomwire/__init__.py",
    "roomwire/py.typed",
    "protocol/SPEC.md",
    "relay/cli/templates/canvas/page/game.js",
    "relay/guide/index.html",
    "relay/guide/typescript/index.html",
    "relay/web/index.html",
    "relay/web/room.html",
    "relay/web/client/roomwire.js",
    "relay/web/client/roomwire.d.ts",
    "relay/web/client/roomwire-client.tgz",
}


pytestmark = pytest.mark.timeout(180)  # the site takes its time on a busy machine


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it with the packages at hand, and return where it is unpacked."""
    built_guide()
    folder = tmp_path_factory.mktemp("dist")
    command = ["uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    subprocess.run(
        [sys.executable, "-m", *command, "--python", sys.executable, "--out-dir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture
def names(wheel: Path) -> set[str]:
    """Return the names of its files."""
    return {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}


def test_the_wheel_carries_what_was_built(names: set[str]) -> None:
    assert names >= CARRIED


def test_the_wheel_leaves_sources_of_the_browser_client_out(names: set[str]) -> None:
    assert not {name for name in names if name.startswith("clients/browser/")}


def test_the_wheel_gives_every_name(wheel: Path) -> None:
    program = (
        "import roomwire; from roomwire import *; print(roomwire.__file__, connect, create_app)"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith(str(wheel / "roomwire"))
