"""Hostile peers: `relay fuzz client` is a hostile relay for a client under test, and `relay fuzz
server` a hostile client for a relay.

`plan` decides what they send, by a seed alone. `hostile_client` and `hostile_relay` send it over
plain sockets (`wire`), and compare what comes back with what SPEC.md promises: order, each message
once, counts, errors, close codes. `listener` is one honest player, `program` a client that runs as
a process of its own. `sides` are the clients or relays under test, `running` plays one seed after
another, and `report` writes each finding, with a `transcript` and the command that replays it.
"""
