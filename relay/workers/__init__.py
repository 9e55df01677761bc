"""Several relay processes on one port, each with its own rooms: `relay serve --workers N`.

The supervisor binds the port, starts the workers, and does nothing else with clients. Every worker
accepts connections, and reads the head of each request. A hash of a room's name says in which
worker the room lives (`relay/lobby/homes.py`). A request about a room of another worker moves
there: `hand_over` sends the socket, and the bytes that were read, and the other worker goes on as
if it had accepted the connection. So no frame ever passes through two processes.

All processes write to each other through `mail`. Each has a box, which the supervisor keeps while
its owner is away. So a connection for a worker that starts again waits, and is not lost.
"""
