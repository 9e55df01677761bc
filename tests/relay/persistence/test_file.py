"""The file of rooms: there or not, never in part, read once, and no way to trip a relay up."""

from __future__ import annotations

import os
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import msgpack
import pytest

from relay.persistence.file import CannotKeep, StateFile
from relay.room.room import Room
from relay.saved.encoding import FORMAT, MAGIC, compose
from tests.helpers.playbook import Witness, a_room, enters, sends
from tests.helpers.state_files import files


def a_played_room(name: str = "ROOM") -> Room:
    room = a_room()
    room.name = name
    witness = Witness(room)
    witness.apply(enters(1))
    witness.apply(sends(1, True, b"hello"))
    return room


def test_rooms_come_back_once(path: Path) -> None:
    rooms = [a_played_room("A"), a_played_room("B")]
    StateFile(path).write(rooms, 2.5)
    assert files(path) == [path.name]
    again = StateFile(path).take()
    assert [room.name for room in again.rooms] == ["A", "B"]
    assert [room.summary() for room in again.rooms] == [room.summary() for room in rooms]
    assert again.returning == 2.5
    StateFile(path).remove()
    assert files(path) == []
    assert StateFile(path).take() == ([], 0.0)


def test_loading_takes_little_memory_beside_the_rooms(path: Path) -> None:
    room = a_room()
    room.apply(enters(1))
    for _ in range(8000):
        room.apply(sends(1, (1, 2, 3), bytes(32)))
    StateFile(path).write([room], 0)
    size = path.stat().st_size
    tracemalloc.start()
    try:
        kept = StateFile(path).take()
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept.rooms[0].history) == len(room.history)
    assert peak - left < size / 2


def test_rooms_that_were_taken_and_not_served_are_taken_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    StateFile(path).write([a_played_room()], 0)
    StateFile(path).take()
    assert files(path) == [f"{path.name}.taken"]
    caplog.clear()
    again = StateFile(path)
    assert len(again.take().rooms) == 1
    assert f"took the rooms in {path}.taken, and ended before it served" in caplog.messages[0]
    again.remove()
    assert files(path) == []


def test_what_was_left_last_outweighs_what_was_taken(path: Path) -> None:
    StateFile(path).write([a_played_room("OLD")], 0)
    StateFile(path).take()
    StateFile(path).write([a_played_room("NEW")], 0)
    file = StateFile(path)
    assert [room.name for room in file.take().rooms] == ["NEW"]
    file.remove()
    assert files(path) == []


def test_a_file_that_cannot_be_removed_in_the_end_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    StateFile(path).write([a_played_room()], 0)
    file = StateFile(path)
    file.take()

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", fail)
    file.remove()
    assert f"{path}.taken cannot be removed (Operation not permitted)" in caplog.messages[-1]
    assert "remove it" in caplog.messages[-1]


def test_nobody_else_can_read_it(path: Path) -> None:
    path.write_bytes(b"older")
    path.chmod(0o644)
    StateFile(path).write([a_played_room()], 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_what_cannot_be_written_leaves_what_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    StateFile(path).write([a_played_room("OLD")], 0)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(CannotKeep) as error:
            StateFile(path).write([a_played_room("NEW")], 0)
    assert str(error.value) == f"the rooms cannot be written to {path}: No space left on device"
    assert files(path) == [path.name]
    assert StateFile(path).take().rooms[0].name == "OLD"


def test_what_a_crash_left_is_overwritten(path: Path) -> None:
    path.with_name(f"{path.name}.new").write_bytes(b"half")
    StateFile(path).write([a_played_room()], 0)
    assert files(path) == [path.name]
    assert len(StateFile(path).take().rooms) == 1


def test_what_a_crash_left_in_part_is_told_and_put_aside(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = whole()[:-1]
    path.with_name(f"{path.name}.new").write_bytes(data)
    assert StateFile(path).take() == ([], 0.0)
    assert files(path) == [f"{path.name}.bad"]
    assert path.with_name(f"{path.name}.bad").read_bytes() == data
    assert f"a relay was killed while it wrote {path}.new" in caplog.messages[0]
    assert f"see {path}.bad" in caplog.messages[1]


def test_what_a_crash_left_in_part_does_not_outweigh_what_is_whole(path: Path) -> None:
    StateFile(path).write([a_played_room("OLD")], 0)
    path.with_name(f"{path.name}.new").write_bytes(b"half")
    assert [room.name for room in StateFile(path).take().rooms] == ["OLD"]


def test_what_a_crash_left_whole_is_the_newest(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The relay was killed between its last byte and the name."""
    StateFile(path).write([a_played_room("OLD")], 0)
    data = b"".join(compose([a_played_room("NEW")], 0))
    path.with_name(f"{path.name}.new").write_bytes(data)
    file = StateFile(path)
    assert [room.name for room in file.take().rooms] == ["NEW"]
    assert f"a relay was killed when it had written {path}.new" in caplog.text
    file.remove()
    assert files(path) == []


def test_a_link_in_its_way_is_not_followed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    path.with_name(f"{path.name}.new").symlink_to(other)
    StateFile(path).write([a_played_room()], 0)
    assert other.read_bytes() == b"mine"


# Damage.


def whole() -> bytes:
    return b"".join(compose([a_played_room()], 0))


def with_head(*head: object) -> bytes:
    values = msgpack.unpackb(whole())
    data: bytes = msgpack.packb([*head, *values[len(head) :]])
    return data


DAMAGES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut off": lambda: whole()[:-1],
    "cut off early": lambda: whole()[:40],
    "longer": lambda: whole() + b"\xc0",
    "zeros": lambda: bytes(len(whole())),
    "text": lambda: b"name = 'relay'\n",
    "another msgpack": lambda: msgpack.packb({"rooms": []}),
    "an array of others": lambda: msgpack.packb([1, 2, 3, 4, 5, 6]),
    "another program's": lambda: with_head("other rooms"),
    "a newer format": lambda: with_head(MAGIC, FORMAT + 1),
    "a newer wire": lambda: with_head(MAGIC, FORMAT, 99),
    "a byte changed": lambda: whole().replace(b"hello", b"hullo"),
    "rooms that are none": lambda: b"".join(damaged_rooms()),
    "one room twice": lambda: b"".join(compose([a_played_room(), a_played_room()], 0)),
    "a word that is none": lambda: whole().replace(b"ROOM", b"\xff\xff\xff\xff"),
    "an ext": lambda: b"\x96\xc7\x00\x05",
    "deep": lambda: b"\x91" * 5000,
    "long by its own word": lambda: b"\xdd\xff\xff\xff\xff",
}


def damaged_rooms() -> Iterator[bytes]:
    room = a_played_room()
    room.seq += 1
    yield from compose([room], 0)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_not_right_is_put_aside(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = DAMAGES[damage]()
    path.write_bytes(data)
    assert StateFile(path).take() == ([], 0.0)
    assert files(path) == [f"{path.name}.bad"]
    assert path.with_name(f"{path.name}.bad").read_bytes() == data
    [line] = caplog.messages
    assert "cannot be used" in line
    assert f"{path.name}.bad" in line
    assert "\n" not in line


def test_a_file_that_cannot_be_removed_is_not_used(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It would be read again, and the same order go on in two ways."""
    StateFile(path).write([a_played_room()], 0)
    caplog.clear()

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", fail)
    monkeypatch.setattr(os, "replace", fail)
    assert StateFile(path).take() == ([], 0.0)
    assert "Operation not permitted" in caplog.text


def test_a_folder_that_cannot_be_synced_is_no_reason_to_stop(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StateFile(path)

    def fail(*_: object) -> int:
        raise OSError(22, "Invalid argument")

    file.write([a_played_room()], 0)
    monkeypatch.setattr(os, "open", fail)
    assert len(file.take().rooms) == 1


# Where it may be.


@pytest.mark.parametrize("name", [".", "missing/rooms.state", "/dev/null"])
def test_what_can_never_be_written_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotKeep) as error:
        StateFile(Path(name))
    assert "--state" in str(error.value)


def test_a_name_alone_is_in_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    StateFile(Path("rooms.state")).write([a_played_room()], 0)
    assert (tmp_path / "rooms.state").exists()
