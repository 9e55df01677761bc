"""Rooms on python-socketio, written as its documentation shows, under uvicorn."""

from __future__ import annotations

import sys

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])


@sio.event  # type: ignore[untyped-decorator]  # python-socketio has no types
async def join(sid: str, room: str) -> None:
    await sio.enter_room(sid, room)
    await sio.save_session(sid, {"room": room})


@sio.event  # type: ignore[untyped-decorator]  # python-socketio has no types
async def message(sid: str, data: bytes) -> None:
    session = await sio.get_session(sid)
    await sio.emit("message", data, room=session["room"], skip_sid=sid)


if __name__ == "__main__":
    uvicorn.run(socketio.ASGIApp(sio), port=int(sys.argv[1]), log_level="warning")
