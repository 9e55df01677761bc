"""What a process has done that forks relays for tests: all that each of them does at its start."""

from __future__ import annotations

import gc
import os

import relay.cli.commands
import tests.helpers.portable
from relay.http.app import create_app
from relay.policy.config import Settings
from relay.policy.spelling import ENVIRONMENT

__all__ = ["relay", "tests"]

# Of the test that happens to need a fork first. Each fork gets an environment of its own.
for each in [each for each in os.environ if each.startswith(ENVIRONMENT)]:
    del os.environ[each]
create_app(Settings()).state.node.close()  # it describes REST, once for all that follow
gc.collect()
gc.freeze()  # or a collection in each fork would copy all memory
