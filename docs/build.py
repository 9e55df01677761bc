"""Make the site of these pages in relay/guide, where a relay serves it: `make docs`.

A warning or a dead link is an error. A site that was made of these very sources is kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import tidy

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
SITE = ROOT / "relay" / "guide"
SCRATCH = DOCS / "_build"
BROWSER = ROOT / "clients" / "browser"

SOURCES = (
    *(f"docs/**/*{suffix}" for suffix in (".conf", ".md", ".py", ".svg", ".txt")),
    "docs/monitoring/*",
    "protocol/*.md",
    *(f"{package}/**/*.py" for package in ("roomwire", "protocol", "relay", "clients/python")),
    "clients/browser/src/**/*.ts",
    "clients/browser/tsconfig.json",
    "clients/browser/typedoc/*.*",
    "requirements.lock",
    "tests/benchmarks/*.svg",
)


def main() -> None:
    """Make the site, unless it is there."""
    with one_at_a_time():
        sources, stamp = digest(), SITE / ".built"
        if stamp.exists() and stamp.read_text() == sources:
            return
        build(SCRATCH / "site")
        shutil.rmtree(SITE, ignore_errors=True)
        (SCRATCH / "site").rename(SITE)
        stamp.write_text(sources)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other process makes the site."""
    folder = os.open(DOCS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def digest() -> str:
    """Return what tells these sources from others: content, as a fresh clone has its own times."""
    found = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def build(site: Path) -> None:
    """Make the site anew: Sphinx, which reads again what has changed alone, tells half."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    strict = ("--quiet", "--fail-on-warning", "--keep-going")
    sphinx = ("-m", "sphinx", *strict, "-d", SCRATCH / "doctrees", DOCS, site)
    npm = (BROWSER / "node.py", "in", BROWSER / "typedoc", "run", "--silent", "build")
    typedoc = (*npm, "--", "--logLevel", "Warn", "--out", site / "typescript")
    with ThreadPoolExecutor() as pool:
        list(pool.map(run, (sphinx, typedoc)))
    (site / "llms.txt").write_text(tidy.lead_to_pages((DOCS / "llms.txt").read_text()))
    tidy.move_inline(site)
    tidy.make_no_style(site / "typescript/assets/main.js")
    if dead := tidy.dead_links(site):
        sys.exit("\n".join(["the site has links that lead nowhere:", *dead]))


def run(command: Iterable[str | Path]) -> None:
    """Run Python; if that fails, so do we."""
    if code := subprocess.run([sys.executable, *command], check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    main()
