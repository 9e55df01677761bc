"""The client's sockets, timers and queue: a `Driver` dials, carries frames, and comes back.

`Socket` is one WebSocket. `EventQueue` keeps events until the program reads them, and says when the
driver should stop reading. `unreachable` explains why nothing answered.
"""
