"""Rooms: what entries do to them, without any I/O.

A room is a fold. An `Entry` goes in, facts go to the room's audience, and `Effect`s come out for
the node to carry out. `RoomState` is what it knows; `Room.apply` is the table of entries.
`membership` handles seats that come and go, `requests` what players and operators ask for. A
connection begins with what `opening` makes of the state, and reads on with a `LogCursor`. The same
entries make the same room, on every node and in every replay.
"""
