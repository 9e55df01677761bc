"""The wire: frames, their bytes, and the rules both sides keep. SPEC.md is normative."""

WIRE_VERSION = 1
"""Highest version of the wire that this package speaks; HELLO carries it."""

WIRE_VERSION_MIN = 1
"""Lowest version of the wire that this package speaks."""

SUBPROTOCOL = "roomwire.1"
"""WebSocket subprotocol that a client offers and a relay selects."""
