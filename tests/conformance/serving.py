"""A real uvicorn in the test's own event loop, with a WebSocket class of choice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.importer import import_from_string

from relay.server.process import listen

CLASSES = ("relay.server.ws_protocol:DirectProtocol",)
"""What is judged here, as `uvicorn --ws` names it."""

MAX_SIZE = 64 * 1024


@asynccontextmanager
async def serving(app: ASGIApp, ws: str, **options: Any) -> AsyncIterator[uvicorn.Server]:
    """Serve an app; it is shut down gracefully at the end. Options are uvicorn's.

    Returns: the server; `url_of` says where it is.
    """
    wanted = {"ws_max_size": MAX_SIZE, "ws_ping_interval": None, "ws_per_message_deflate": False}
    config = uvicorn.Config(
        app,
        ws=import_from_string(ws),
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=30,  # seconds, on a busy machine
        **{**wanted, **options},
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = listen("127.0.0.1", 0)
    await server.startup([*listener.sockets])
    try:
        yield server
    finally:
        await server.shutdown([*listener.sockets])


def url_of(server: uvicorn.Server) -> str:
    """Return where it serves."""
    host, port = server.servers[0].sockets[0].getsockname()
    return f"ws://{host}:{port}"
