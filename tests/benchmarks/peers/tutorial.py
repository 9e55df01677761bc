"""The yardstick: a chat server as in tutorials. It awaits one receiver after the other."""

from __future__ import annotations

import sys
from collections import defaultdict

import responder
import uvicorn
from starlette.websockets import WebSocket, WebSocketDisconnect

api = responder.API(sessions=False)  # type: ignore[no-untyped-call]  # responder has no types
rooms: defaultdict[str, set[WebSocket]] = defaultdict(set)


@api.route("/r/{room}", websocket=True)  # type: ignore[no-untyped-call, untyped-decorator]  # responder has no types
async def chat(ws: WebSocket) -> None:
    await ws.accept()
    room = rooms[ws.path_params["room"]]
    room.add(ws)
    try:
        while True:
            data = await ws.receive_bytes()
            for client in list(room):
                if client is not ws:
                    await client.send_bytes(data)
    except WebSocketDisconnect:
        room.discard(ws)


if __name__ == "__main__":
    uvicorn.run(
        api, port=int(sys.argv[1]), ws="websockets-sansio", log_level="warning",
        ws_per_message_deflate=False,
    )  # fmt: skip
