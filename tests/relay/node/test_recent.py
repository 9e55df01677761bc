"""What is kept of ends is bounded, whatever strangers do."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import cast

from protocol.error_codes import ErrorCode
from protocol.frames import Error, ErrorDetail
from relay.node.link import Link
from relay.node.recent import (
    MOST_ENDS,
    MOST_REJECTED,
    MOST_REJECTED_ROOMS,
    MOST_ROOMS,
    MOST_TEXT,
    Recent,
)
from relay.policy.conduct import Conduct


def test_the_newest_ends_of_a_room_are_kept() -> None:
    recent = Recent(count().__next__)
    for attachment in range(MOST_ENDS + 3):
        recent.add("room", 1, attachment, 4503, "KICKED")
    kept = recent.ends("ROOM")
    assert [each.attachment for each in kept] == [*range(3, MOST_ENDS + 3)]
    assert [each.at for each in kept] == sorted(each.at for each in kept)
    recent.forget("ROOM")
    assert recent.ends("ROOM") == []


def test_strangers_push_out_no_ends_of_players() -> None:
    recent = Recent()
    recent.add("ROOM", 1, 1, None, "LOST")
    for number in range(MOST_ROOMS + 5):
        recent.add(f"R-{number}", None, number, 4508, "NOT_ADMITTED", "x" * 5000)
    assert [each.name for each in recent.ends("ROOM")] == ["LOST"]
    assert recent.ends("R-0") == []
    (last,) = recent.ends(f"R-{MOST_ROOMS + 4}")
    assert len(last.text) == MOST_TEXT


def test_nothing_is_kept_of_what_is_no_name() -> None:
    recent = Recent()
    for name in ("", "a b", "x" * 33):
        recent.add(name, None, 1, 4000, "NO_HELLO")
        assert recent.ends(name.upper()) == []


class Way:
    """The way to a client that was silent for so long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def silent(self, *, lately: bool = False) -> float:
        return self.seconds if lately else 0.0


@dataclass
class Client:
    """A connection that ends."""

    room_name: str
    player: int | None = 1
    attachment: int = 5
    address: str = "192.0.2.1"
    conduct: Conduct = field(default_factory=Conduct)
    silent: float = 0.0

    @property
    def link(self) -> Link:
        return cast(Link, Way(self.silent))


def refused(client: Client, times: int = 1) -> Client:
    error = Error(0, ErrorCode.ARITY, "no", ErrorDetail(op=16, offset=0))
    for at in range(times):
        client.conduct.keep_frame(error, at, bytes([0x93, 0x10, at]))
        client.conduct.note_refusal(error, at)
    return client


def test_silence_before_an_end_is_kept() -> None:
    recent = Recent(count().__next__)
    recent.add("room", 1, 4, None, "LOST")
    recent.add("room", 1, 5, None, "LOST")
    recent.keep(Client("room", silent=15.25))
    recent.keep(Client("room", attachment=3, silent=9.0))
    assert [each.silent_ms for each in recent.ends("ROOM")] == [0, 15_250]


def test_what_a_client_was_refused_outlives_it_and_its_room() -> None:
    recent = Recent(count().__next__)
    recent.add("room", 1, 5, 4500, "BAD_FRAMES")
    recent.keep(refused(Client("room")))
    (kept,) = recent.rejected("ROOM")
    assert (kept.player, kept.closed, kept.frame.data) == (1, "BAD_FRAMES", b"\x93\x10\x00")
    recent.forget("ROOM")
    (kept,) = recent.rejected("ROOM")
    assert kept.player is None, "another player may get the number in another room of this name"


def test_little_is_kept_of_what_was_refused() -> None:
    recent = Recent(count().__next__)
    recent.keep(refused(Client("ROOM"), 30))
    recent.keep(refused(Client("ROOM", attachment=6)))
    for number in range(MOST_REJECTED_ROOMS + 5):
        recent.keep(refused(Client(f"R-{number}", player=None)))
    recent.keep(Client("WELL"))
    recent.keep(refused(Client("no name", player=None)))
    assert [each.attachment for each in recent.rejected("ROOM")] == [5] * (MOST_REJECTED - 1) + [6]
    assert len({each.room for each in recent.rejected()}) == MOST_REJECTED_ROOMS + 1
