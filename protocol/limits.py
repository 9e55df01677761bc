"""Bounds of the wire, each with its reason."""

from __future__ import annotations

MAX_INT = 2**53 - 1
"""Largest magnitude of an integer: beyond it a JavaScript number silently rounds."""

MAX_PLAYER = 2**32 - 1
"""Largest player number; numbers are never reused within a room."""

MAX_GROUP = 255
"""Largest group number: a group is one byte, as Photon's 256 interest groups are."""

MAX_KEY = 255
"""Largest key of a volatile frame: one byte, so that a player's slots are countable."""

MAX_DEPTH = 16
"""Containers within one another, the frame itself included; deeper data is a decoder's trap."""

MAX_ELEMENTS = 1024
"""Elements of an array or entries of a map. `[{}, {}, ...]` costs 70 times its size in memory."""

MAX_NODES = 4096
"""Values in one message, containers and map keys included: bounds the work of one decode."""

SEAT_BYTES = 16
"""Length of a seat secret: 128 bits cannot be guessed."""

EPOCH_BYTES = 8
"""Length of a room's epoch."""

MAX_NAME = 64
"""UTF-8 bytes of a player's name or of a room's title."""

MAX_WORD = 64
"""UTF-8 bytes of an identifier: app, build, property key, tag."""

MAX_SECRET = 128
"""UTF-8 bytes of a password. Argon2 reads all of them, so the length must be bounded."""

MAX_TICKET = 1024
"""UTF-8 bytes of a ticket for the game's own admission: room for a signed token."""

MAX_TAGS = 16
"""Tags of a room, for listing and quick match."""

MAX_HOST_KEYS = 16
"""Keys of properties that a room keeps for its host."""

MAX_IGNORED = 16
"""Unknown options that WELCOME names at most: enough to see a slip, too few to fill a frame."""

MAX_REASON = 123
"""UTF-8 bytes of a reason: it must fit a WebSocket close frame (125 less the 2 of the code)."""

MAX_CAPACITY = 1024
"""Players in a room at most: one array of targets can name them all."""

MAX_HOLD = 600
"""Seconds for which a room may hold the seat of a lost player."""

MAX_KEEP = 3600
"""Seconds for which a room may be kept without players."""

FRAME_IN = 16 * 1024
"""Default bytes of a message from a client. Discord and Nakama allow 4 KiB, Centrifugo 64 KiB."""

FRAME_IN_MAX = 1024 * 1024
"""Largest limit that a relay may be configured to."""

FRAME_OUT = 60 * 1024
"""Default bytes of a message that a client takes; HELLO's `max_frame` overrides it."""

HEAD_ROOM = 16
"""Bytes that DELIVER and UPDATE may add to what was sent: opcode, seq and sender."""

SNAPSHOT_PARTS = 64
"""Parts of one snapshot: they fit a client's window, with room to spare."""

SNAPSHOT_BYTES = 1024 * 1024
"""Bytes of all parts of one snapshot: every late joiner is sent them."""

HISTORY_FRAMES = 64 * 1024
"""Default frames of a room's past that are kept."""

HISTORY_BYTES = 16 * 1024 * 1024
"""Default bytes of them."""

LISTED = 64
"""Players and groups in one message that count as one message more: each of them takes time."""

WINDOW = 256
"""Counted frames that a client keeps unacknowledged before it waits."""

ACK_FRAMES = 32
"""Counted frames after which the relay acknowledges at the latest."""

ACK_SECONDS = 0.25
"""Seconds after which the relay acknowledges at the latest."""
