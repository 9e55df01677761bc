"""my-game: its page at / and its relay at /relay, in one app."""

import contextlib
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from roomwire import Settings, create_app


def make_app(settings: Settings) -> Starlette:
    """Put page and relay together. An `on_join` for `create_app` would decide who may enter."""
    relay = create_app(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        relay.state.node.close()

    page = StaticFiles(directory=Path(__file__).parent / "page", html=True)
    return Starlette(routes=[Mount("/relay", relay), Mount("/", page)], lifespan=lifespan)


if __name__ == "__main__":
    mimetypes.add_type("text/javascript", ".js")  # some machines think that it is plain text
    settings = Settings()  # from the environment, as in RELAY_PORT=9000
    fresh = [("Cache-Control", "no-cache")]  # so that a reload shows each change
    uvicorn.run(make_app(settings), host=settings.host, port=settings.port, headers=fresh)
