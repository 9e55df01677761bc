"""Which rooms there are, whoever is in them: by name, in lists, by maker, and places promised.

`Rooms` makes rooms and lets go of them, as many as the relay and each address may have. A
`RoomRegistry` has them by name. The `listing` shows strangers some, and finds one for a quick
match; `reservations` keep the places that it promised. `makers` remembers who made which.
"""
