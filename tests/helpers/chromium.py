"""Find a Chromium for the browser tests; `python -m tests.helpers.chromium --install` gets one."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = [
    "--no-sandbox",  # it cannot start as root with one, and loads nothing but our own page
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # A browser that phones home makes tests slow where there is no network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def on_path() -> str | None:
    """Return the machine's own Chromium, or None where only Playwright may have one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> str:
    """Return a sentence about the Chromium that is there now."""
    if found := on_path():
        return f"Chromium: {found}"
    if shutil.which("apt-get") and os.geteuid() == 0:
        _from_debian()
        if found := on_path():
            return f"Chromium: {found}, installed by apt-get"
    return _from_playwright()


def _from_debian() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        # A failure prints its reason, shows in on_path(), and then Playwright is tried.
        subprocess.run([*apt, *command], env=environment, stdout=subprocess.DEVNULL, check=False)


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
