"""Rooms: what entries do to them, without any I/O.

A room is the result of its entries, applied in order. An `Entry` goes in, facts go to the room's
audience, and `Effect`s come out for the node to carry out. `RoomState` is what the room knows;
`Room.apply` is the table of entries. `membership` handles seats that come and go, and `requests`
what players and operators ask for. A connection begins with the stream that `opening` makes, and
reads on with a `LogCursor`. The same entries make the same room, on every node and in every replay.
"""
