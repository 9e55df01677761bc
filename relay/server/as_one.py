"""Makes one relay of a server and the other nodes on a bus."""

from __future__ import annotations

from relay.cluster.bus import Bus
from relay.cluster.news.together import Together
from relay.node.node import Node
from relay.server.gate import Gate


def as_one(bus: Bus, gate: Gate, node: Node) -> Together:
    """Share lists, promises and limits with the nodes on a bus. Returns: what is to be started.

    Args: gate: the server's, before this node.
    """
    shapes = node.shapes.board
    together = Together(
        bus,
        rooms=node.rooms,
        reservations=node.reservations,
        limits=node.limits,
        passwords=node.passwords,
        connections=node.connections,
        boards=() if shapes is None else (shapes,),
    )
    together.limits.share_steady("visitors", gate.visitors)
    together.limits.share_buckets("requests", gate.requests)
    return together
