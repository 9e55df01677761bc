"""Rooms in a file, so that they outlive the process.

`file` writes and takes what `relay.saved` makes of rooms, and is never without a copy; a `lock`
keeps two relays from sharing one. `shares` deals it out to several workers.
"""
