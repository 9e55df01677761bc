"""Rooms in a file, so that they outlive the process.

`room_state` turns a room into plain values and back, as `schema` bounds them. `encoding` turns
those into bytes, room by room. `file` writes and takes the file, and is never without a copy; a
`lock` keeps two relays from sharing one. `shares` deals it out to several workers.
"""
