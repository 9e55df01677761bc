"""The command `relay`, with a game's own code that decides about some players never.

python -m tests.helpers.undecided serve --port 8000
"""

from __future__ import annotations

import asyncio
from functools import partial

from relay import commands, server
from relay.admission import JoinRequest
from relay.cli import main
from tests.helpers import portable
from tests.helpers.relay import IS_PORTABLE

MODULE = "tests.helpers.undecided"
TICKET = "undecided"


async def on_join(request: JoinRequest) -> None:
    """Decide for all but those who hold the ticket for waiting."""
    if request.ticket == TICKET:
        await asyncio.Event().wait()


if __name__ == "__main__":
    if IS_PORTABLE:
        portable.use()
    commands.run = partial(server.serve, on_join=on_join)  # type: ignore[attr-defined]  # for this process
    main()
