"""Find a Chromium for the browser tests; `python -m tests.helpers.chromium --install` gets one."""

import shutil
import subprocess
import sys

from tests.helpers import debian

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

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


def install() -> str:
    """Return a sentence about the Chromium that is there."""
    if found := on_path():
        return f"Chromium: {found}"
    if debian.install("chromium") and (found := on_path()):
        return f"Chromium: {found}, installed by apt-get"
    return _from_playwright()


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
