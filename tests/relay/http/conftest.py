"""What tests of the app share: one of a relay with a name, and a client of it."""

from collections.abc import AsyncIterator

import httpx
import pytest
import responder

from relay.http.app import create_app
from relay.policy.config import Settings
from tests.helpers.rest import client_of


@pytest.fixture
async def app() -> AsyncIterator[responder.API]:
    app = create_app(Settings(names=("play.example.com",)))
    yield app
    app.state.node.close()


@pytest.fixture
async def http(app: responder.API) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as http:
        yield http
