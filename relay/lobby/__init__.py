"""Which rooms there are: by name, in lists, by maker; and places that were promised.

`Rooms` makes and forgets rooms, as many as the relay and each address may have. A `RoomRegistry`
has them by name. The `listing` shows strangers the public rooms, and finds one for a quick match;
`reservations` keeps the places that it promised. `makers` remembers which address made which room.
"""
