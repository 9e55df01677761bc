"""How much memory there is: the machine's, or the cgroup's if that has less."""

from pathlib import Path

import pytest

from relay.policy import machine
from relay.policy.config import Settings


@pytest.mark.parametrize(
    ("own", "file", "limit"),
    [
        ("0::/a/b\n", "a/memory.max", "5000000"),
        ("0::/a/b\n", "a/b/memory.max", "5000000"),
        ("0::/\n", "memory.max", "5000000"),
        ("0::/not/in/this/container\n", "memory.max", "5000000"),
        ("5:cpu:/x\n4:memory:/a\n0::/\n", "memory/a/memory.limit_in_bytes", "5000000"),
        ("4:cpu,memory:/a\n", "memory/memory.limit_in_bytes", "5000000"),
    ],
)
def test_a_cgroup_that_has_less_counts(tmp_path: Path, own: str, file: str, limit: str) -> None:
    where = tmp_path / file
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(limit + "\n")
    (tmp_path / "own").write_text(own)
    assert machine.memory(tmp_path, tmp_path / "own") == int(limit)


def test_without_a_limit_it_is_the_machines(tmp_path: Path) -> None:
    own = tmp_path / "own"
    whole = machine.memory(tmp_path, tmp_path / "none")
    assert whole > 1 << 26
    for text, limit in (("0::/a\n", "max"), ("0::/a\n", str(1 << 62)), ("nonsense", "1")):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / "memory.max").write_text(limit)
        own.write_text(text)
        assert machine.memory(tmp_path, own) == whole


def test_the_relay_takes_half_of_it() -> None:
    assert Settings().memory == machine.memory() // 2
    assert machine.resident() > 1 << 20
