"""The command `relay`, over the link that runs on any ASGI server.

python -m tests.helpers.portable serve --port 8000
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from relay.cli.main import main
from relay.policy.config import Settings
from relay.server import process


def without_extensions(app: ASGIApp) -> ASGIApp:
    """Hide everything of a server from the app that is not plain ASGI."""

    async def hiding(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {}}, receive, send)

    return hiding


def use() -> None:
    """Serve all relays of this process like that."""
    make = process.make_server

    def make_server(app: ASGIApp, settings: Settings) -> process.Server:
        return make(without_extensions(app), settings)

    process.make_server = make_server


if __name__ == "__main__":
    use()
    main()
