"""`relay`, which is killed in the moment in which it opens a file of rooms that it has taken."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from relay.cli import main as command


def fell(event: str, arguments: Sequence[object]) -> None:
    if event == "open" and str(arguments[0]).endswith(".taken"):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.addaudithook(fell)
    command.main()
