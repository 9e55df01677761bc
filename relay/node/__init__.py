"""One process of a relay: its connections, and the way from them to the rooms and back.

A `Node` finds the rooms in the lobby, gives entries to the broker, applies what comes back, and
carries out the effects. A `Connection` is what the node knows of one WebSocket; it asks its owner,
which is the node. `admission` decides who may enter. `journal` says in the log what happened.
`drain` is the way down.
"""
