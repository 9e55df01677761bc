"""One process of a relay: its connections, and how messages get from them to the rooms and back.

A `Node` finds the rooms in the lobby, gives entries to the broker, applies what comes back, and
carries out the effects. A `Connection` is what the node knows of one WebSocket; it asks its owner,
which is the node. `admission` decides who may enter. `journal` logs what happened. `drain` closes
all connections when the relay ends.
"""
