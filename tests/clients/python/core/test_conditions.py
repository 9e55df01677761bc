"""What a link asks for in vain is said in a sentence."""

from __future__ import annotations

import pytest

from clients.python.core.conditions import unheard
from protocol.frames import RoomOptions

LINK = "ws://h/r/R?chaos=train-wifi&seed=42"


@pytest.mark.parametrize(
    ("url", "is_allowed", "is_shaped", "says"),
    [
        ("ws://h/r/R", False, False, ""),
        (LINK, True, True, ""),
        (
            LINK,
            False,
            False,
            "room R does not let links ask for a bad network, so chaos=train-wifi",
        ),
        (LINK, False, True, "room R does not let links"),
        (LINK, True, False, "room R lets links ask for a bad network, but the relay applies none"),
    ],
)
def test_only_what_is_asked_for_in_vain_is_said(
    url: str, is_allowed: bool, is_shaped: bool, says: str
) -> None:
    said = unheard(url, "R", RoomOptions(chaos=is_allowed), is_shaped=is_shaped)
    assert said.startswith(says)
    assert bool(said) == bool(says)
