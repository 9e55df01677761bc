"""Find a Chromium for the browser tests; `python -m tests.helpers.chromium --install` gets one."""

import shutil
import subprocess
import sys

from tests.helpers import debian

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

SHELL = "chromium-headless-shell"
"""The same engine without windows: a tab takes a third of the CPU. Debian's package has its name.

Playwright uses its own, too, where it is not told of another.
"""

FLAGS = [
    "--no-sandbox",  # with a sandbox it cannot start as root, and it loads only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # A host name for pages, so that their Origin is neither an address nor loopback.
    "--host-resolver-rules=MAP play.example 127.0.0.1",
    # Requests to the browser's maker would make tests slow without a network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def on_path() -> str | None:
    """Return the machine's own Chromium; None if only Playwright may have one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def without_windows() -> str | None:
    """Return a Chromium for tabs that nobody hides: its shell, if there is one."""
    return shutil.which(SHELL) or on_path()


def install() -> str:
    """Return a sentence about the Chromium that is there."""
    if on_path() is None:
        debian.install("chromium")
    if on_path() is None:
        return _from_playwright()
    if shutil.which(SHELL) is None and debian.offers(SHELL):
        debian.install(SHELL)
    return "Chromium: " + ", ".join(filter(None, (on_path(), shutil.which(SHELL))))


def _from_playwright() -> str:
    # Does nothing if Playwright has its Chromium already.
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, check=False).returncode:
        sys.exit(
            "The browser tests need Chromium, and neither apt-get (as root) nor Playwright could "
            "install it: install chromium or google-chrome so that it is on PATH, and run again."
        )
    return "Chromium: Playwright's own"


if __name__ == "__main__":
    if sys.argv[1:] == ["--install"]:
        print(install())
    else:
        print(on_path() or "No Chromium on PATH: --install gets one.")
