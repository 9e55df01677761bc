"""The operator's door to a room that is watched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import responder
from responder import Problem, Query, Request, Response

from protocol.opcodes import Opcode
from relay.http import rest
from relay.inspect.watcher import Wanted
from relay.inspect.watching import Shown, Watching
from relay.lobby.registry import NAME
from relay.node.node import Node
from relay.policy import operators
from relay.room.room import Room

NDJSON = "application/x-ndjson"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Nobody on the way may keep a stream, or wait for more of it."""

ONLY_OPERATOR = (
    "this is for the operator: send their token as the header Authorization: Bearer TOKEN "
    "(`relay serve` keeps it, or --operator-token-file names it)"
)

routes = responder.Router()


@routes.get(
    "/api/rooms/{name}/watch",
    summary="Watch a room",
    description=(
        "A stream of lines of JSON, each with a `type`: `room` and `players` as they are, every "
        "frame as it is ordered (`frames`), how many there were of each kind (`rates`), and the "
        "`end`. What the reader does not take in time is `skipped`: no player waits for it."
    ),
    tags=["operator"],
    responses={
        200: {"description": "Lines of JSON", "content": {NDJSON: {"schema": {"type": "string"}}}},
        401: rest.problem("Only with the operator's token"),
        404: rest.problem("No such room"),
    },
)
async def watch(
    req: Request,
    resp: Response,
    *,
    name: str,
    sender: Annotated[
        list[int], Query([], alias="from", description="frames of these players, or about them")
    ],
    op: Annotated[list[str], Query([], description="frames of these kinds, such as DELIVER")],
    grep: Annotated[
        str, Query("", description="frames that say this, as `relay watch` shows them")
    ],
    data: Annotated[bool, Query(True, description="the frames' bytes, in base64")],
    stats: Annotated[bool, Query(False, description="no frames, but how many there are")],
) -> None:
    if not operators.is_operator(req):
        raise Problem(401, ONLY_OPERATOR, headers={"WWW-Authenticate": "Bearer"})
    wanted = Wanted(frozenset(sender), _opcodes(op), grep, not stats, data)
    node: Node = req.api.state.node
    room = await node.bring(name) if NAME.fullmatch(name) else None
    if room is None:
        raise Problem(404, "there is no room of this name")
    root = req.state.root
    watching = Watching(node, room, wanted, partial(_describe, root=root), _players)
    resp.mimetype = NDJSON
    resp.headers.update(HEADERS)
    resp.stream(watching.lines)


def _opcodes(names: Sequence[str]) -> frozenset[int]:
    known = {op.name: int(op) for op in Opcode}
    if unknown := [name for name in names if name.upper() not in known]:
        raise Problem(422, f"op: there is no frame {unknown[0][:32]!a}")
    return frozenset(known[name.upper()] for name in names)


def _describe(room: Room, root: str) -> Shown:
    return rest.room_info(room, root).model_dump()


async def _players(room: Room) -> list[dict[str, Any]]:
    return [
        {
            "player": seat.player,
            "name": seat.info.name,
            "role": seat.info.role,
            "presence": seat.state.name.lower(),
            "groups": sorted(seat.groups),
            "taken": seat.taken,
        }
        for seat in room.seats.values()
    ]
