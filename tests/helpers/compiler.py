"""Make sure that there is a C compiler for the wheel: `python -m tests.helpers.compiler`."""

import shutil
import sys
import sysconfig
from pathlib import Path

from tests.helpers import debian

NAMES = ("cc", "gcc", "clang", "cl")
PACKAGES = ("gcc", "libc6-dev", "python3-dev")


def is_there() -> bool:
    """Say whether C that includes Python's headers can be compiled here."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return any(map(shutil.which, NAMES)) and headers.exists()


def main() -> None:
    if not is_there():
        debian.install(*PACKAGES)
    if not is_there():
        sys.exit(
            "The compiled wheel needs a C compiler and Python's headers, and apt-get (as root) "
            f"could not install them: install them (Debian: {' '.join(PACKAGES)}), and run again."
        )


if __name__ == "__main__":
    main()
