"""Relays that share their rooms over real nats-servers, and what their players hear."""

from __future__ import annotations

from contextlib import AbstractContextManager

from protocol.frames import Deliver, Notice, NoticeDetail, NoticeKind
from tests.helpers.nats import NatsServer
from tests.helpers.peers import Peer
from tests.helpers.relay import RelayProcess, relay_process


def clustered(server: NatsServer, *options: str) -> AbstractContextManager[RelayProcess]:
    return relay_process("--nats", server.url, "--nats-streams", "1", *options)


async def hears_notice(peer: Peer, kind: NoticeKind) -> NoticeDetail:
    """Return the detail of the next notice of this kind. A slow NATS may cause others."""
    return (await peer.hears(Notice, lambda notice: notice.kind == kind)).detail


async def hears_payload(peer: Peer, payload: bytes) -> Deliver:
    return await peer.hears(Deliver, lambda deliver: deliver.payload == payload)
