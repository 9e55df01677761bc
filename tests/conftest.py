"""What every test gets: one event loop implementation, and hypothesis at a chosen depth."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Deadlines measure the machine, not the code; pytest's timeout catches what hangs.
settings.register_profile("dev", max_examples=100, deadline=None)
# The same examples for everyone, so that a red build is red for its change and not by luck.
settings.register_profile("ci", max_examples=500, deadline=None, derandomize=True)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100000")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

pytest_plugins = ["tests.helpers.browser"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the relay's transports are asyncio's."""
    return "asyncio"
