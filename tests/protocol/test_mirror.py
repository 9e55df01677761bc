"""Every module of protocol/ has the test file of its name, and no other is there."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SOURCE = Path(__file__).parents[2] / "protocol"


def stems(root: Path, pattern: str) -> set[Path]:
    """Return files below a folder, by the folders in which they are, without prefix and ending."""
    found = (path.relative_to(root) for path in root.rglob(pattern))
    return {path.with_name(path.stem.removeprefix("test_").lower()) for path in found}


def test_test_files_are_named_after_what_they_test() -> None:
    sources = stems(SOURCE, "*.py") | stems(SOURCE, "*.md") | {Path("vectors")}
    assert stems(HERE, "test_*.py") - {Path("mirror")} == {
        each for each in sources if not each.name.startswith("_")
    }
