"""Which stream and subject a room has, and which streams are not as they should be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cluster.nats.layout import MUST_BE, SHARDS, Layout

LAYOUT = Layout(streams=8)
SAFE = re.compile(r"in\.[0-7]\.[A-Z2-7]+")


@given(st.text(min_size=1))
def test_a_room_s_subject_is_safe_whatever_its_name_is(room: str) -> None:
    assert SAFE.fullmatch(LAYOUT.entries(room))


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_rooms_have_two_subjects(one: str, other: str) -> None:
    assert (LAYOUT.entries(one) == LAYOUT.entries(other)) == (one == other)


@given(st.text(min_size=1))
def test_a_room_s_subjects_are_of_its_stream(room: str) -> None:
    (pattern,) = LAYOUT.configuration(LAYOUT.stream_of(room))["subjects"]
    assert LAYOUT.entries(room).startswith(pattern.removesuffix(">"))
    republish = LAYOUT.configuration(LAYOUT.stream_of(room))["republish"]
    assert LAYOUT.delivered(room).startswith(republish["dest"].removesuffix(">"))


def test_rooms_are_spread_over_all_streams() -> None:
    used = {LAYOUT.stream_of(f"ROOM{number}") for number in range(200)}
    assert used == set(LAYOUT.rooms)


def test_a_stream_as_it_was_made_is_as_it_should_be() -> None:
    for stream in LAYOUT.all:
        assert LAYOUT.differences(stream, LAYOUT.configuration(stream)) == []


def test_an_operator_may_change_how_much_is_kept_and_by_how_many() -> None:
    other = replace(LAYOUT, replicas=5, max_bytes=2 * LAYOUT.max_bytes, max_seconds=3600)
    for stream in LAYOUT.all:
        assert LAYOUT.differences(stream, other.configuration(stream)) == []


@pytest.mark.parametrize("field", [*MUST_BE, "metadata"])
def test_what_the_log_relies_on_is_checked(field: str) -> None:
    found = {**LAYOUT.configuration("ROOMS0"), field: None}
    (what,) = LAYOUT.differences("ROOMS0", found)
    assert field in what or "streams" in what


def test_another_number_of_streams_is_found() -> None:
    other = replace(LAYOUT, streams=4).configuration("ROOMS0")
    assert other["metadata"][SHARDS] == "4"
    assert LAYOUT.differences("ROOMS0", other) == ["it is one of 4 and not of 8 streams"]
