"""What every test gets: one event loop implementation, and hypothesis at a chosen depth."""

import inspect
import os
import signal

import httpx
import pytest
from hypothesis import HealthCheck, settings

import relay

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

# A relay does not obey a hangup that was ignored at its start: under nohup tests would hang.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# The 5 s that httpx gives an answer measure the machine, too: all its defaults are this object.
patience = inspect.signature(httpx.get).parameters["timeout"].default
patience.connect = patience.read = patience.write = patience.pool = 30.0


def pytest_configure() -> None:
    """See that what is tested is what was asked for: plain Python, or the compiled wheel."""
    found, wanted = relay.is_compiled(), "COMPILED" in os.environ
    if found != wanted:
        names = {False: "plain Python", True: "compiled"}
        raise pytest.UsageError(
            f"expected a relay that is {names[wanted]}; {relay.__file__} is {names[found]}"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that may take long go first: none of them is to begin when all others are done."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


pytest_plugins = ["tests.helpers.browser"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the relay's transports are asyncio's."""
    return "asyncio"
