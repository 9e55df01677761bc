"""What a process has done before it forks relays for tests, as each would at its own start."""

from __future__ import annotations

import gc
import os

from relay.http.app import create_app
from relay.policy.config import Settings
from relay.policy.spelling import ENVIRONMENT

# Of the test that happens to need a fork first. Each fork gets an environment of its own.
for each in [each for each in os.environ if each.startswith(ENVIRONMENT)]:
    del os.environ[each]
create_app(Settings()).state.node.close()  # it describes REST, once for all that follow
gc.collect()
gc.freeze()  # or a collection in each fork would copy all memory
