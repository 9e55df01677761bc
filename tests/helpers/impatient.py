"""`relay`, whose supervisor gives workers a second to end."""

from __future__ import annotations

from relay.cli import main as command
from relay.workers import supervisor

if __name__ == "__main__":
    vars(supervisor)["END_SECONDS"] = 1.0
    command.main()
