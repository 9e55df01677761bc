"""The load generator's sockets: bare and non-blocking, for a hundred thousand frames a second.

A `Connection` is one player's socket, and a `Dialect` what it must know of a server. A `Reader`
reads what `poll` found ready; `stamps` say how old a delivery is.
"""
