"""A relay as a process: sockets, signals, HTTP heads and the log.

`process` runs uvicorn over one or more `listening` sockets, with two protocol classes of ours.
`http_protocol` bounds what comes before a WebSocket, and the `gate` decides who may connect at all.
`ws_protocol` speaks WebSocket to any ASGI app, and lets the relay take the connection over.
"""
