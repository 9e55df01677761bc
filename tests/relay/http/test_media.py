"""Bodies and queries: what is read of them, and what is refused before it costs anything."""

import json
import time
from typing import Any

import pytest

from relay.http import media
from relay.http.media import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_PARAMETERS,
    MAX_VALUES,
    parse,
    readable,
    refuse,
)

SECONDS = 0.25
"""In which anything is read or refused, on however busy a machine; it takes a millisecond."""
BODY = 16 * 1024
JSON_BODY = [(b"content-length", b"2"), (b"content-type", b"application/json")]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Höhle", "tags": {"mode": "ctf"}, "capacity": 4, "public": False, "hold": None},
        nested(MAX_DEPTH),
        [0] * (MAX_VALUES - 1),
        int("9" * MAX_DIGITS),
        -1.5e-7,
    ],
)
def test_json_within_bounds_is_read(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps(nested(MAX_DEPTH + 1)).encode(), "within each other"),
        (b"[" * BODY, "within each other"),
        (b"[" * 8192 + b"]" * 8192, "within each other"),
        (b'{"a":' * (BODY // 5), "within each other"),
        (json.dumps([0] * MAX_VALUES).encode(), "more than 128 values"),
        (json.dumps({f"k{n}": 0 for n in range(1500)}).encode(), "more than 128 values"),
        (b"9" * BODY, "more than 20 characters"),
        (b'{"capacity":' + b"9" * 4300 + b"}", "more than 20 characters"),
        (b"0." + b"1" * BODY, "more than 20 characters"),
        (b'{"a":1,"a":2}', "a key comes twice"),
        (b'{"a":NaN}', "no NaN"),
        (b"-Infinity", "no -Infinity"),
        (b'"' + b"\\" * BODY, "no JSON"),
        (b"\xff", "not in UTF-8"),
        ('{"a":1}'.encode("utf-16"), "not in UTF-8"),
        (b"", "no JSON"),
        (b"{", "line 1, column 2"),
    ],
)
def test_json_beyond_bounds_is_refused_in_no_time(body: bytes, said: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=said):
        parse(body)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", "application/json; charset=UTF-8"],
)
def test_json_may_be_called_so_in_several_ways(kind: str) -> None:
    headers = [(b"content-length", b"2"), (b"content-type", kind.encode())]
    assert refuse("POST", headers, b"") is None
    assert (b"content-type", b"application/json") in readable(headers)


@pytest.mark.parametrize(
    "kinds",
    [
        [],
        [""],
        ["application/yaml"],
        ["application/x-www-form-urlencoded"],
        ["multipart/form-data; boundary=x"],
        ["application/x-msgpack"],
        ["text/json"],
        ["application/problem+json"],
        ["application/json; x=yaml"],
        ["application/json; charset=utf-16"],
        ["application/json, application/yaml"],
        ["application/json", "application/yaml"],
        ["application/yaml", "application/json"],
        ["application/json", "application/json"],
    ],
)
def test_a_body_that_is_called_otherwise_is_refused(kinds: list[str]) -> None:
    headers = [(b"content-length", b"2"), *((b"content-type", kind.encode()) for kind in kinds)]
    refused = refuse("POST", headers, b"")
    assert refused is not None
    assert refused[0] == 415
    assert "application/json" in refused[1]


@pytest.mark.parametrize("header", [(b"content-length", b"2"), (b"transfer-encoding", b"chunked")])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_body_where_none_is_expected_is_refused(method: str, header: tuple[bytes, bytes]) -> None:
    refused = refuse(method, [header, (b"content-type", b"application/json")], b"")
    assert refused is not None
    assert refused[0] == 415


def test_who_sends_no_body_may_call_it_anything() -> None:
    headers = [(b"content-length", b"0"), (b"content-type", b"application/yaml"), (b"a", b"b")]
    assert refuse("GET", headers, b"") is None
    assert readable(headers) == [(b"content-length", b"0"), (b"a", b"b")]


def test_a_query_has_a_bound() -> None:
    assert refuse("GET", [], b"&".join([b"a=1"] * MAX_PARAMETERS)) is None
    refused = refuse("GET", [], b"&".join([b"a=1"] * (MAX_PARAMETERS + 1)))
    assert refused is not None
    assert refused[0] == 400


def test_an_endless_accept_is_not_looked_at() -> None:
    short, long = (b"accept", b"application/json"), (b"accept", b"a/b," * 4000)
    assert short in readable([*JSON_BODY, short])
    assert [name for name, _ in readable([*JSON_BODY, short, long])] == [
        b"content-length",
        b"content-type",
    ]
    assert media.JSON == "application/json"
