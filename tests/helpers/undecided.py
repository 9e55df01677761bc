"""The command `relay`, with a game's `on_join` that never decides about some players.

python -m tests.helpers.undecided serve --port 8000
"""

from __future__ import annotations

import asyncio
from functools import partial

from relay.cli import commands
from relay.cli.main import main
from relay.node.on_join import JoinRequest
from relay.server import process
from tests.helpers import portable
from tests.helpers.relay import IS_PORTABLE

MODULE = "tests.helpers.undecided"
TICKET = "undecided"


async def on_join(request: JoinRequest) -> None:
    """Let everybody in, except players with the ticket to wait for ever."""
    if request.ticket == TICKET:
        await asyncio.Event().wait()


if __name__ == "__main__":
    if IS_PORTABLE:
        portable.use()
    commands.run = partial(process.serve, on_join=on_join)  # type: ignore[attr-defined]  # for this process
    main()
