"""What tests of the client's protocol share: a relay played by a script."""

import pytest

from tests.helpers.scripted_relay import ScriptedRelay


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay().welcomes()
