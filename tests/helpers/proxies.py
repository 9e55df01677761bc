"""The proxies that tests stand behind; `python -m tests.helpers.proxies --install` gets them."""

from __future__ import annotations

import os
import shutil
import ssl
import sys
from dataclasses import dataclass

from tests.helpers import debian

NEEDED = ("nginx", "caddy", "haproxy", "openssl")
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
END_SECONDS = 30


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs in front of a relay."""

    port: int
    trusting: ssl.SSLContext
    """Trusts its certificate."""
    path: str
    """Below which it shows the relay."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}{self.path}"

    def link_url(self, room: str) -> str:
        return f"wss://127.0.0.1:{self.port}{self.path}/r/{room}"


def find(program: str) -> str:
    """Return where a program is."""
    where = shutil.which(program, path=PATH)
    assert where, f"this test needs {program}: `make proxies` installs it"
    return where


def install() -> str:
    """Return a sentence about the proxies that are there now."""
    if lacking := missing():
        debian.install(*lacking)
    if lacking := missing():
        sys.exit(
            f"The tests behind proxies need {' and '.join(lacking)}, and apt-get (as root) could "
            "not install that: install it so that it is on PATH, and run again."
        )
    return "Proxies: " + ", ".join(find(name) for name in NEEDED)


def missing() -> list[str]:
    """Return which programs are not there."""
    return [name for name in NEEDED if not shutil.which(name, path=PATH)]


if __name__ == "__main__":
    print(install())
