"""Rooms as plain values and as bytes, and back, without any I/O.

`room_state` makes one value of a room, and a room of one value; `schema` is the value's form.
`encoding` makes the bytes of many rooms.
"""
