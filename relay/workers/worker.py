"""One worker of several: `python -m relay.workers.worker`, which the supervisor starts.

SIGTERM ends this worker alone: its rooms go to the next one of its number, by file. The end of its
standard input means that the whole relay ends, or that its supervisor was killed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import Final

import msgpack

from relay.cluster.nats.options import CannotJoin
from relay.http.app import create_app
from relay.persistence.file import CannotKeep
from relay.policy.spelling import by_option
from relay.server import logs
from relay.server.as_one import as_one
from relay.server.clustered import place_of
from relay.server.process import make_server, run
from relay.workers import orders
from relay.workers.hand_over import Arrivals, moving
from relay.workers.mail import Kind
from relay.workers.orders import Orders
from relay.workers.unix_bus import UnixBus

log = logging.getLogger("relay")

STDIN: Final = 0


class Worker:
    """A worker as long as it serves."""

    def __init__(self, given: Orders) -> None:
        self._orders = given
        self._mail = given.mail()
        self._bus = UnixBus(self._mail, given.name)
        self._is_over = False
        settings = given.read_settings()
        self._place = place_of(settings)
        self._app = create_app(
            settings,
            spell=by_option,
            broker=None if self._place is None else self._place.broker,
            homes=given.homes,
            token=given.token,
        )
        if self._place is not None:
            self._place.show_in(self._app.state.metrics)
        self._app.state.siblings.meet(self._bus)
        if self._place is None:
            self._app.state.overviews.meet_workers(self._bus)
        self._server = make_server(self._app, settings)
        self._server.config.http = protocol = moving(settings, given.homes, self._mail)
        # In a cluster each worker is a node like all others, and nodes hear each other over NATS.
        self._together = (
            as_one(self._bus, protocol.gate, self._app.state.node) if self._place is None else None
        )

    def run(self) -> None:
        """Serve until the end.

        Raises:
            CannotKeep: the rooms cannot be written.
            CannotJoin: the settings name a NATS that cannot be used.
        """
        self._mail.on(Kind.MOVE, Arrivals(self._server).take)
        self._mail.on(Kind.NOTE, lambda note, _: self._bus.know(msgpack.unpackb(note)))
        self._server.on_looping = self._hear_of_the_end
        self._server.on_started = self._begin
        self._server.on_left = self._leave
        node = self._app.state.node
        listener = self._orders.listener()
        run(
            self._server,
            node,
            listener,
            place=self._place,
            meet=self._app.state.overviews.meet,
            keeps=self._keeps,
        )

    def _hear_of_the_end(self) -> None:
        # From the first: a worker may wait for NATS for hours.
        asyncio.get_running_loop().add_reader(STDIN, self._end_all)

    def _begin(self) -> None:
        self._mail.open()
        self._mail.send(self._orders.count, Kind.NOTE, self._orders.name.encode())
        if self._together is not None:
            self._together.start()

    def _leave(self) -> None:
        if self._together is not None:
            self._together.stop()
        self._mail.close()

    def _end_all(self) -> None:
        """Take note that standard input has ended: the whole relay ends."""
        asyncio.get_running_loop().remove_reader(STDIN)
        self._is_over = True
        self._server.leave()  # a service manager may have told all processes already

    def _keeps(self) -> bool:
        return self._orders.keeps or not self._is_over


def main() -> None:
    """Do what the supervisor orders. The exit code is 1 if the rooms could not be kept."""
    given = orders.read(sys.stdin.buffer.readline())
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # it is for the supervisor
    settings = given.read_settings()
    logs.set_up(settings.log_level, settings.log_format)
    try:
        Worker(given).run()
    except (CannotKeep, CannotJoin) as error:
        log.error("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
