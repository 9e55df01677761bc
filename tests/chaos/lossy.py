"""A node to which NATS republishes some entries in vain.

    DROPPED=0.02 python -m tests.chaos.lossy serve --nats URL

is `relay serve --nats URL`, but one of 50 deliveries never arrives.
"""

from __future__ import annotations

import os
import random

from relay.cli import main as command
from relay.cluster.log import Deliver, Logged, Unfollow
from relay.cluster.nats import joining
from relay.cluster.nats.jetstream_log import JetStreamLog

DROPPED = float(os.environ.get("DROPPED", "0"))


class LossyLog(JetStreamLog):
    """Drops a share of what is delivered. What is read is whole."""

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        def deliver_some(logged: Logged) -> None:
            if random.random() >= DROPPED:
                deliver(logged)

        return super().follow(room, deliver_some)


if __name__ == "__main__":
    vars(joining)["JetStreamLog"] = LossyLog
    command.main()
