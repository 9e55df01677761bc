"""What a client may say of itself is a part of what the relay says of it."""

from __future__ import annotations

from protocol.codec import Role, decode, encode
from protocol.fields.numbers import PresenceState
from protocol.frames import Presence, PresenceChanged


def test_a_client_says_here_and_away_and_the_relay_says_all() -> None:
    for state in PresenceState:
        changed = PresenceChanged(1, 1, state)
        assert decode(encode(changed), Role.RELAY) == changed
    for state in (PresenceState.HERE, PresenceState.AWAY):
        assert decode(encode(Presence(state)), Role.CLIENT) == Presence(state)


def test_a_client_takes_numbers_that_it_does_not_know() -> None:
    changed = PresenceChanged(1, 1, 99)
    assert decode(encode(changed), Role.RELAY) == changed
