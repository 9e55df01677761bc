"""Every module of protocol/ has the test file of its name, and no other is there."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SOURCE = Path(__file__).parents[2] / "protocol"


def test_test_files_are_named_after_what_they_test() -> None:
    files = [path for path in SOURCE.iterdir() if path.suffix != ".typed"]
    sources = {path.stem.lower() for path in files if not path.stem.startswith("_")}
    tested = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")}
    assert tested - {"mirror"} == sources
