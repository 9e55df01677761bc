"""Cases against a relay: each plays clients, legal and broken ones, in a room of its own.

`scene` has the room and the players. The other modules hold the cases, by section of SPEC.md.
"""
