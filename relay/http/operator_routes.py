"""What operators ask and do by REST: all of it wants their token. Beside `app`, the only file that
imports Responder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Annotated

import responder
from responder import Problem, Query, Request, Response

from relay.http import operating, rest
from relay.inspect.acts import Acts
from relay.inspect.outside import explain_room
from relay.inspect.overview import Overviews, RoomOverview
from relay.inspect.watcher import Wanted, opcodes
from relay.inspect.watching import Shown, Watching
from relay.inspect.why import explain
from relay.node.node import Node
from relay.node.shapes import EVERYBODY, Shapes
from relay.policy import operators
from relay.room.refusals import Refusal
from relay.room.room import Room

routes = responder.Router()

TAGS = ["operator"]
NO_ROOM = {
    401: rest.problem("The operator's token is missing, or wrong"),
    404: rest.problem("No such room"),
    503: rest.problem("The room cannot be reached for the moment"),
}
NO_PLAYER = {**NO_ROOM, 404: rest.problem("No such room, or no such player in it")}
NOBODY_THERE = (
    "there is no room of this name, and nobody was refused there lately; without a room, "
    "`relay why` tells who came to none"
)
NOT_DONE = {**NO_PLAYER, 409: rest.problem("The room refuses it: `detail` says why")}


@routes.get(
    "/api/rooms/{name}/players",
    summary="Show what the relay knows of a room's players",
    tags=TAGS,
    responses=NO_ROOM,
)
async def show_players(req: Request, resp: Response, *, name: str) -> operating.PlayerList:
    room = await _room(req, name)
    overview = await _overviews(req).of(room)
    players = [operating.Player.of(each) for each in overview.players.values()]
    return operating.PlayerList(room=room.name, players=players)


@routes.get(
    "/api/rooms/{name}/players/{player:int}/why",
    summary="Explain why a player sees nothing, or late",
    tags=TAGS,
    responses=NO_ROOM,
)
async def explain_player(
    req: Request, resp: Response, *, name: str, player: int
) -> operating.Explanation:
    room = await _room(req, name)
    overview = await _overviews(req).measured(room, player)
    rejected = await _overviews(req).rejected(room.name)
    return operating.Explanation.of(explain(room, player, overview, rejected))


@routes.get(
    "/api/rooms/{name}/why",
    summary="Explain who did not get into a room, or was cut off",
    description="It answers for a room that is not there, too, if somebody was refused there.",
    tags=TAGS,
    responses=NO_ROOM,
)
async def explain_outside(req: Request, resp: Response, *, name: str) -> operating.RoomExplanation:
    only_operator(req)
    with explained():
        room = await _node(req).operating.find(name)
    known = name.upper() if room is None else room.name
    outside = await _overviews(req).outside(known)
    if room is None and not (outside.rejected or outside.ends):
        raise Problem(404, NOBODY_THERE)
    account = explain_room(known, room, outside.ends, outside.rejected)
    return operating.RoomExplanation.of(account)


@routes.get(
    "/api/why",
    summary="Explain who did not get into any room, or was cut off",
    tags=TAGS,
    responses={401: NO_ROOM[401]},
)
async def explain_all(req: Request, resp: Response) -> operating.RoomExplanation:
    only_operator(req)
    outside = await _overviews(req).outside()
    account = explain_room("", None, outside.ends, outside.rejected, outside.shut_out)
    return operating.RoomExplanation.of(account)


@routes.post(
    "/api/rooms/{name}/players/{player:int}/kick",
    summary="Remove a player for the room's life",
    tags=TAGS,
    responses=NO_PLAYER,
)
async def kick(
    req: Request, resp: Response, *, name: str, player: int, wanted: operating.Kick
) -> operating.Done:
    room = await _room(req, name)
    _check_player(room, player)
    with explained():
        await _acts(req).kick(room, player, wanted.reason)
    return operating.Done(room=room.name)


@routes.put("/api/rooms/{name}/host", summary="Make a player host", tags=TAGS, responses=NOT_DONE)
async def make_host(
    req: Request, resp: Response, *, name: str, wanted: operating.Heir
) -> operating.Done:
    room = await _room(req, name)
    _check_player(room, wanted.player)
    with explained():
        await _acts(req).appoint(room, wanted.player)
    return operating.Done(room=room.name)


@routes.patch("/api/rooms/{name}", summary="Change a room's options", tags=TAGS, responses=NOT_DONE)
async def change_room(
    req: Request, resp: Response, *, name: str, wanted: operating.Change
) -> rest.RoomInfo:
    room = await _room(req, name)
    for option, value in wanted.model_dump(exclude_none=True).items():
        with explained():
            await _acts(req).set_option(room, option, value)
    return rest.room_info(room, req.state.root)


@routes.post(
    "/api/rooms/{name}/say", summary="Tell all players something", tags=TAGS, responses=NO_ROOM
)
async def say(req: Request, resp: Response, *, name: str, wanted: operating.Say) -> operating.Done:
    room = await _room(req, name)
    with explained():
        await _acts(req).say(room, wanted.text)
    return operating.Done(room=room.name)


@routes.delete("/api/rooms/{name}", summary="Close a room", tags=TAGS, responses=NO_ROOM)
async def close_room(req: Request, resp: Response, *, name: str) -> operating.Done:
    room = await _room(req, name)
    with explained():
        await _acts(req).close(room)
    return operating.Done(room=room.name)


@routes.get(
    "/api/rooms/{name}/conditions",
    summary="Show the networks that are made worse on purpose",
    tags=TAGS,
    responses=NO_ROOM,
)
async def show_conditions(req: Request, resp: Response, *, name: str) -> operating.RoomConditions:
    room = await _room(req, name)
    return operating.conditions_info(room.name, _shapes(req).of(room))


@routes.put(
    "/api/rooms/{name}/conditions",
    summary="Make a player's network worse on purpose",
    tags=TAGS,
    responses=NO_PLAYER,
)
async def put_conditions(
    req: Request, resp: Response, *, name: str, wanted: operating.NewShape
) -> operating.RoomConditions:
    room = await _room(req, name)
    if wanted.player is not None:
        _check_player(room, wanted.player)
    try:
        shape = wanted.shape()
    except ValueError as error:
        raise Problem(422, str(error)) from None
    _shapes(req).put(room, wanted.player or EVERYBODY, shape)
    return operating.conditions_info(room.name, _shapes(req).of(room))


@routes.delete(
    "/api/rooms/{name}/conditions",
    summary="End all conditions in a room",
    tags=TAGS,
    responses=NO_ROOM,
)
async def drop_conditions(req: Request, resp: Response, *, name: str) -> operating.Done:
    room = await _room(req, name)
    _shapes(req).clear(room)
    return operating.Done(room=room.name)


@routes.get(
    "/api/rooms/{name}/watch",
    summary="Watch a room",
    description=(
        "A stream of lines of JSON, each with a `type`: `room` and `players` as they are, every "
        "frame as it is ordered (`frames`), how many there were of each kind (`rates`), and the "
        "`end`. What the reader does not take in time is `skipped`: no player waits for it. A "
        "frame's `to` is `all`, `others` or a list of players; beside it, `group` names the group "
        "that they are, where that is still so."
    ),
    tags=TAGS,
    responses={**NO_ROOM, 200: operating.LINES},
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
    grep: Annotated[str, Query("", description="frames that say this, as `relay watch` shows it")],
    data: Annotated[bool, Query(True, description="the frames' bytes, in base64")],
    stats: Annotated[bool, Query(False, description="no frames, but how many there are")],
) -> None:
    room = await _room(req, name)
    try:
        wanted = Wanted(frozenset(sender), opcodes(op), grep, not stats, data)
    except ValueError as error:
        raise Problem(422, str(error)) from None
    describe = partial(operating.described, root=req.state.root)
    asked = (partial(_players, _overviews(req).of), partial(_players, _overviews(req).measured))
    watching = Watching(_node(req), room, wanted, describe, *asked)
    resp.mimetype = operating.NDJSON
    resp.headers.update(operating.UNKEPT)
    resp.stream(watching.lines)


async def _players(ask: Callable[[Room], Awaitable[RoomOverview]], room: Room) -> list[Shown]:
    overview = await ask(room)
    players = map(operating.Player.of, overview.players.values())
    return [each.model_dump(exclude={"refused_frames"}) for each in players]


def only_operator(req: Request, why: str = operating.ONLY_OPERATOR) -> None:
    """Refuse a request without the operator's token, wherever it comes from."""
    if not operators.is_operator(req):
        raise Problem(401, why, headers={"WWW-Authenticate": "Bearer"})


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Answer a refusal as a problem. Responder's own handlers would lose its headers."""
    try:
        yield
    except Refusal as refusal:
        status, headers = rest.answer_of(refusal)
        code = refusal.code.name.lower()
        raise Problem(status, refusal.text, headers=headers, code=code) from None


async def _room(req: Request, name: str) -> Room:
    """Return the room that an operator asks about, wherever it is."""
    only_operator(req)
    with explained():
        room = await _node(req).operating.find(name)
    if room is None:
        raise Problem(404, "there is no room of this name")
    return room


def _check_player(room: Room, player: int) -> None:
    if room.seats.get(player) is None:
        raise Problem(404, f"there is no player {player} in this room")


def _node(req: Request) -> Node:
    node: Node = req.api.state.node
    return node


def _overviews(req: Request) -> Overviews:
    overviews: Overviews = req.api.state.overviews
    return overviews


def _shapes(req: Request) -> Shapes:
    return _node(req).shapes


def _acts(req: Request) -> Acts:
    return Acts(_node(req).operating)
