"""Room options, as they are typed."""

from __future__ import annotations

import pytest

from clients.python.bots.creation import read_options
from protocol.frames import RoomOptions


def test_every_kind_of_option_is_read() -> None:
    words = ["capacity=200", "public=false", "history=full", "host_keys=score,lives", "title=a=b"]
    made = read_options([*words, "tags.mode=duel", "tags.map="])
    assert made == RoomOptions(
        capacity=200,
        public=False,
        history="full",
        host_keys=("score", "lives"),
        title="a=b",
        tags={"mode": "duel", "map": ""},
    )
    assert read_options([]) == RoomOptions()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("capacity", "KEY=VALUE, as in capacity=200"),
        ("size=9", "no room has an option 'size': there are title, capacity,"),
        ("tags=duel", "and tags.NAME"),
        ("capacity=many", "--create capacity wants int 1..1024"),
        ("capacity=2000", "--create capacity wants int 1..1024"),
        ("capacity=-1", "--create capacity wants"),
        ("locked=yes", "--create locked wants bool"),
        ("history=some", "--create history wants"),
    ],
)
def test_a_slip_is_explained(word: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        read_options([word])
