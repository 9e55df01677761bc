"""The load generator's sockets: bare and non-blocking, for a hundred thousand frames a second.

A `Connection` is one player's socket. A `Dialect` is how to talk to one kind of server. A `Reader`
reads the connections that `poll` found ready. `stamps` tell how old a delivery is.
"""
