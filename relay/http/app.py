"""The relay as an ASGI app. It routes and nothing else.

Only this file and operator_routes.py import Responder.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import responder
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from responder import Problem, Query, Request, Response
from starlette.websockets import WebSocket

from protocol import SUBPROTOCOL
from relay.broker import Broker
from relay.conditions.shape import wished
from relay.http import (
    docs,
    files,
    media,
    operator_routes,
    rest,
)
from relay.http.behind import Behind
from relay.http.guard import Guard, Refusals, is_shared
from relay.http.metrics.node import Players, registry_of
from relay.http.metrics.siblings import Siblings, Silent
from relay.http.operator_routes import explained, only_operator
from relay.http.whole import Whole
from relay.inspect.overview import Overviews
from relay.link import EXTENSION, portable
from relay.link.direct import DirectLink
from relay.lobby.homes import ALONE, Homes
from relay.lobby.listing import Filter
from relay.node.node import Node
from relay.node.on_join import OnJoin
from relay.policy import lan, operators
from relay.policy.config import Settings
from relay.policy.origins import Policy
from relay.policy.proxies import Proxies
from relay.policy.spelling import Spelling, by_settings

VERSION = importlib.metadata.version("roomwire")

CONTENT_SECURITY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
SCHEMA = "/schema.yml"
HEADERS = {"x-frame-options": "SAMEORIGIN", "referrer-policy": "same-origin"}
MAX_BODY = 16 * 1024
"""Most bytes of a body. The longest one that REST needs has 10 KiB."""

DESCRIPTION = (
    "Rooms are played in over a WebSocket at /r/ROOM; protocol/SPEC.md describes its frames. "
    "Here they are made, listed and matched."
)

routes = responder.Router()


def create_app(
    settings: Settings | None = None,
    *,
    on_join: OnJoin | None = None,
    spell: Spelling = by_settings,
    broker: Broker | None = None,
    homes: Homes | None = None,
    token: str | None = None,
) -> responder.API:
    """Build a relay, to run under any ASGI server or to mount in another app.

    Args:
        settings: if left out, they come from the environment.
        on_join: decides who may enter; see `roomwire.OnJoin`.
        broker: orders what happens in rooms; without one, they are in this process alone.
        spell: returns a setting's name for advice in the log, as the operator has to type it.
        homes: which rooms live in this process. If left out, all of them do, and so the app refuses
            to serve a port that another relay process serves, too.
        token: the operator's, if it is not to be read or made here.

    Returns: the app. Its `Node` is `app.state.node`. If you mount the app and do not pass its
        lifespan on, call `app.state.node.close()` at the end.
    """
    settings = settings or Settings()
    node = Node(settings, on_join=on_join, broker=broker, homes=homes or ALONE)
    policy = Policy(settings.names, settings.origins, spell)
    refusals = Refusals(keep=node.journal.recent.shut)
    proxies = Proxies(settings.trusted_proxies, spell)
    api = _bare_api()
    _speak_json_alone(api)
    api.state.node = node
    api.state.token = token = token or operators.token_of(settings.operator_token_file)
    api.state.documents = _documents()
    api.state.players = Players(node)
    api.state.overviews = Overviews(node)
    api.state.metrics = registry_of(node)
    api.state.siblings = Siblings(node, api.state.metrics)
    api.add_event_handler("shutdown", node.close)
    api.add_middleware(Guard, policy=policy, refusals=refusals, token=token)
    # The middleware that is added last runs first: the others see the request as it was made.
    api.add_middleware(Behind, proxies=proxies, root=settings.root_path, refusals=refusals)
    if homes is None and broker is None:
        api.add_middleware(Whole)
    api.before_request(websocket=True)(_admit_pages(policy, refusals))
    _add_routes(api)
    return api


def _bare_api() -> responder.API:
    return responder.API(
        sessions=False,
        gzip=False,
        static_dir=None,
        redirect_slashes=False,
        max_request_size=MAX_BODY,
        problem_handler=rest.say_what_is_invalid,
        security_headers={"content_security_policy": CONTENT_SECURITY, "headers": HEADERS},
    )


def _add_routes(api: responder.API) -> None:
    api.include_router(routes)
    api.include_router(operator_routes.routes)
    api.mount("/assets", files.Files(files.WEB / "assets"))
    api.mount("/client", files.Files(files.WEB / "client", {"access-control-allow-origin": "*"}))
    api.mount("/guide", files.Guide(files.GUIDE))


@functools.cache
def _documents() -> docs.Documents:
    """Describe REST. Cached, as it takes long to make and is the same for all relays."""
    api = responder.API(
        title="Roomwire",
        version=VERSION,
        description=DESCRIPTION,
        openapi="3.1.0",
        openapi_route="/unserved",  # as the app has a route of its own, from this
        openapi_servers=[{"url": "."}],  # wherever this app is mounted
        sessions=False,
        static_dir=None,
    )
    api.include_router(routes)
    api.include_router(operator_routes.routes)
    return docs.Documents(api.openapi._apispec.to_dict(), api.openapi.openapi)


def _speak_json_alone(api: responder.API) -> None:
    """Let Responder read no body but JSON, and that within bounds."""
    write = api.formats["json"]

    async def json(message: Any, encode: bool = False) -> Any:
        if encode:
            return await write(message, encode=True)
        try:
            return media.parse(await message.content)
        except ValueError as error:
            raise Problem(400, str(error)) from None

    def check_answer(req: Request, resp: Response) -> None:
        is_rest = is_shared(req.url.path) and req.url.path != SCHEMA
        if is_rest and not req.accepts(media.JSON):
            raise Problem(406, f"answers are {media.JSON}, which the header Accept does not allow")

    api.formats.clear()
    api.formats["json"] = json
    api.before_request()(check_answer)


# WebSockets.


def _admit_pages(policy: Policy, refusals: Refusals) -> Callable[..., object]:
    async def admit(websocket: WebSocket) -> None:
        """Refuse a page of another site before the upgrade, with HTTP 403."""
        caller = websocket.state.caller
        if (why := policy.refuse_link(caller)) is not None:
            refusals.say(caller, why)
            with contextlib.suppress(OSError):  # the client is gone
                await websocket.close()

    return admit


@routes.websocket_route("/r/{room}")
async def link(websocket: WebSocket, *, room: str) -> None:
    """Carry one connection to a room, until its end."""
    node: Node = websocket.scope["api"].state.node
    address = websocket.state.caller.client or ""
    wish = wished(websocket.scope["query_string"])
    is_offered = SUBPROTOCOL in websocket.scope["subprotocols"]
    try:
        # SPEC 2.3: a client that offers no subprotocol, or others, is served all the same.
        await websocket.accept(subprotocol=SUBPROTOCOL if is_offered else None)
        direct = (websocket.scope.get("extensions") or {}).get(EXTENSION)
        if direct is not None:
            way = partial(DirectLink, node=node, room=room, address=address, wished=wish)
            direct["take_over"](way)
            return
    except OSError:
        return  # the client left before it had entered
    await portable.serve(websocket, node, room, address, wish)


# Pages.


@routes.get("/", include_in_schema=False)
async def home_page(req: Request, resp: Response) -> None:
    _show(req, resp, "index")


@routes.get("/r/{room}", include_in_schema=False, check_existing=False)
async def room_page(req: Request, resp: Response, *, room: str) -> None:
    _show(req, resp, "room")


@routes.get("/decode", include_in_schema=False)
async def decode_page(req: Request, resp: Response) -> None:
    _show(req, resp, "decode")


@routes.get("/inspect", include_in_schema=False)
async def inspect_page(req: Request, resp: Response) -> None:
    """Show the inspector. It shows nothing until it has the operator's token."""
    _show(req, resp, "inspect")


@routes.get("/docs", include_in_schema=False)
async def docs_page(req: Request, resp: Response) -> None:
    """Show the REST interface."""
    resp.html = _described(req).page(req.state.home)


@routes.get(SCHEMA, include_in_schema=False)
async def schema(req: Request, resp: Response) -> None:
    """Show the REST interface to programs."""
    found = _described(req)
    wanted = req.preferred_media_type(tuple(found.forms))
    if wanted is None:
        kinds = " or ".join(found.forms)
        raise Problem(406, f"this is {kinds}, which the header Accept does not allow")
    resp.content = found.forms[wanted]
    resp.mimetype = wanted
    resp.vary("Accept")


def _show(req: Request, resp: Response, name: str) -> None:
    resp.html = files.page(name, req.state.home)
    resp.headers.update(files.REVALIDATE)


# REST.


@routes.get(
    "/healthz",
    summary="Tell whether the relay works",
    tags=["relay"],
    responses={503: {"description": "The relay is going down, and lets nobody enter"}},
)
async def health(req: Request, resp: Response) -> rest.Health:
    if not await _siblings(req).drain():
        return rest.Health(status="ok")
    resp.status_code = 503
    return rest.Health(status="draining")


@routes.get("/metrics", include_in_schema=False)
async def show_metrics(req: Request, resp: Response) -> None:
    """Answer Prometheus, in the form that every version of it reads."""
    if not operators.is_at_machine(req):
        only_operator(req, rest.ONLY_OPERATOR)
    resp.mimetype = CONTENT_TYPE_PLAIN_0_0_4
    try:
        resp.content = await _siblings(req).metrics()
    except Silent as error:
        raise Problem(503, str(error)) from None


@routes.get("/api/relay", summary="Describe this relay", tags=["relay"])
async def describe_relay(req: Request, resp: Response) -> rest.RelayInfo:
    node = _node(req)
    return rest.RelayInfo(
        version=VERSION,
        wire=rest.wire_versions(),
        rooms=len(node.rooms),
        players=req.api.state.players.count() + node.rooms.elsewhere.players,
        lan=lan.found_at(node.settings.host, req.state.port, req.state.root),
        limits=rest.wire_limits(node.settings),
    )


@routes.post(
    "/api/rooms",
    status_code=201,
    summary="Make a room",
    tags=["rooms"],
    responses={**rest.NOT_MADE, 409: rest.problem("A room of this name exists")},
)
async def make_room(req: Request, resp: Response, *, wanted: rest.NewRoom) -> rest.RoomInfo:
    node = _node(req)
    with explained():
        room = await node.create_room(wanted.options(node.settings), wanted.name, _address(req))
    info = rest.room_info(room, req.state.root)
    resp.headers["Location"] = f"{req.state.home}api/rooms/{room.name}"
    return info


@routes.get(
    "/api/rooms/{name}",
    summary="Describe a room",
    tags=["rooms"],
    responses={404: rest.problem("No such room")},
)
async def describe_room(req: Request, resp: Response, *, name: str) -> rest.RoomInfo:
    room = _node(req).rooms.find(name)
    # Guesses must tell nothing.
    if room is None or not (room.options.public or operators.is_operator(req)):
        raise Problem(404, "there is no room of this name")
    return rest.room_info(room, req.state.root)


@routes.get("/api/rooms", summary="List public rooms", tags=["rooms"])
async def list_rooms(
    req: Request,
    resp: Response,
    *,
    app: Annotated[str | None, Query(None, description="rooms of this game")],
    build: Annotated[str | None, Query(None, description="rooms of this build of it")],
    tag: Annotated[
        list[str], Query([], description="key:value that the room has; several may be given")
    ],
    open: Annotated[bool, Query(False, description="only rooms that any stranger may enter")],
    limit: Annotated[int, Query(50, ge=1, le=200, description="rooms at most")],
    after: Annotated[str, Query("", description="the `next` of the page before")],
    hidden: Annotated[bool, Query(False, description="private rooms, too; for the operator alone")],
) -> rest.RoomPage:
    if hidden:
        only_operator(req)
    try:
        wanted = Filter(app, build, tags=rest.parse_tags(tag))
    except ValueError as error:
        raise Problem(422, str(error)) from None
    known = _node(req).rooms
    page = known.hidden_page if hidden else known.listing.page
    rooms, following = page(wanted, only_open=open, limit=limit, after=after.upper())
    return rest.RoomPage(
        rooms=[rest.room_info(room, req.state.root) for room in rooms], next=following
    )


@routes.post(
    "/api/match",
    summary="Find a room to play in, or make one",
    tags=["rooms"],
    responses=rest.NOT_MADE,
)
async def match(req: Request, resp: Response, *, wanted: rest.Match) -> rest.Matched:
    node, address, now = _node(req), _address(req), time.monotonic()
    with explained():
        node.check_open()
        rest.check_pace(node.limits.join(address, now), "matches")
    room = node.rooms.listing.best_match(
        wanted.filter,
        reserved=lambda name: node.reservations.count(name, now),
        is_barred=lambda room: node.rooms.is_barred(room, address),
    )
    is_new = room is None
    if room is None:
        with explained():
            room = await node.create_room(wanted.options(node.settings), None, address)
    node.reservations.reserve(room.name, address, now)
    return rest.matched(room, req.state.root, created=is_new)


def _described(req: Request) -> docs.Documents:
    found: docs.Documents = req.api.state.documents
    return found


def _node(req: Request) -> Node:
    node: Node = req.api.state.node
    return node


def _siblings(req: Request) -> Siblings:
    found: Siblings = req.api.state.siblings
    return found


def _address(req: Request) -> str:
    return req.state.caller.client or ""
