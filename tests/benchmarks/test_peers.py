"""The peers without npm packages pass messages on to all others of the room."""

from __future__ import annotations

import pytest

from clients.bench.load import crowd
from clients.bench.measure import measure
from clients.bench.shape import Shape
from tests.benchmarks.peer import OURS, PEERS_OF_OURS, Peer, running

NAMES = ("Roomwire", "Responder tutorial", "python-socketio")
AT_HAND = [peer for peer in (OURS, *PEERS_OF_OURS) if peer.name in NAMES]


@pytest.mark.parametrize("peer", AT_HAND, ids=lambda peer: peer.name)
def test_a_peer_delivers_to_the_others_of_a_room_and_to_nobody_else(peer: Peer) -> None:
    with running(peer) as server, crowd(peer.speak(server.base), 2, 3) as players:
        row = measure(players, Shape(2, 3, 10), seconds=0.5, warm_up=0.2)
    assert row.delivered == row.expected > 0
