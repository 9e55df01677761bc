"""What the supervisor decides by itself; tests/integration/test_workers.py runs it."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from relay.policy.config import Settings
from relay.server.listening import CannotListen, Listener, listen
from relay.workers import orders
from relay.workers.crew import Crew
from relay.workers.supervisor import (
    LONGEST_PAUSE,
    STEADY_SECONDS,
    CannotShare,
    pause_after,
    supervise,
)


def test_a_worker_that_keeps_ending_is_started_ever_more_rarely() -> None:
    pauses = [0.0]
    for _ in range(10):
        pauses.append(pause_after(1.0, pauses[-1]))
    assert pauses == sorted(pauses)
    assert pauses[1] > 0
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_after(STEADY_SECONDS, LONGEST_PAUSE) == 0


def test_a_system_that_cannot_hand_sockets_over_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "send_fds")
    with pytest.raises(CannotShare, match="--workers needs"):
        supervise(Settings(workers=2))


def test_a_wish_to_renew_before_there_are_workers_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISTEN_PID", "")
    before = signal.signal(signal.SIGUSR2, signal.SIG_DFL)

    def renewed_too_soon(host: str, port: int) -> Listener:
        os.kill(os.getpid(), signal.SIGUSR2)
        raise CannotListen("it was still alive")

    monkeypatch.setattr("relay.workers.supervisor.listen", renewed_too_soon)
    try:
        with pytest.raises(CannotListen, match="alive"):
            supervise(Settings(workers=2))
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_each_worker_gets_its_share_and_all_else_as_it_was_set(tmp_path: Path) -> None:
    """What one of them reads is what the supervisor wrote."""
    settings = Settings(
        workers=3,
        memory=900 * 1024 * 1024,
        hello_seconds=None,
        names=("play.example.com",),
        state=tmp_path / "rooms",
        drain_seconds=7,
    )
    listener = listen("127.0.0.1", 0)
    with listener.sockets[0]:
        crew = Crew(settings, listener, "a token", tmp_path / "rooms")
        for number, place in enumerate(crew.places):
            given = orders.read(place.orders.next().to_json())
            assert (given.name, given.token) == (f"worker-{number}-1", "a token")
            assert (given.homes.count, given.homes.own) == (3, number)
            shared = {"memory", "state", "workers"}
            own = given.read_settings()
            assert own.model_dump(exclude=shared) == settings.model_dump(exclude=shared)
            assert own.memory == 300 * 1024 * 1024
            assert own.state == tmp_path / f"rooms.worker-{number}"
        crew.close()
