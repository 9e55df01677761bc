"""The client's sockets, timers and queue: a `Driver` connects, carries frames, and reconnects.

`Socket` is one WebSocket. `EventQueue` keeps events until the program reads them, and says when the
driver should stop reading. `unreachable` explains why no WebSocket opened.
"""
