"""Strangers who send requests to REST, or passwords to check. They run in processes of their own.

They have addresses of their own, so that a relay on this machine can tell them from others.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import time
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions
from tests.attack import seat

STRANGER = "127.0.0.9"
PATIENCE = 60.0
JSON = {"content-type": "application/json"}

QUERIES = (
    "?limit=200",
    "?open=true&limit=200",
    "?tag=mode:none&limit=200",
    "?app=none",
    "?limit=200&after=M",
    "?app=flood&build=1&open=true&after=Z&limit=200",
    "?" + "&".join(f"tag=t{number}:x" for number in range(16)),
)


class Asker:
    """One connection that sends requests again and again."""

    def __init__(self, port: int, source: str = STRANGER) -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=PATIENCE, source_address=(source, 0)
        )

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request. Returns: the status and the answer; 0 and None if there is no answer."""
        if body is not None and not isinstance(body, bytes):
            body, headers = json.dumps(body).encode(), JSON | headers
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(method, path, body, named)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, None
        is_json = "json" in (answer.headers["content-type"] or "")
        return answer.status, json.loads(text) if is_json else text

    def makes(self, **room: Any) -> tuple[int, Any]:
        return self.asks("POST", "/api/rooms", room)

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def asking(port: int, source: str = STRANGER) -> Iterator[Asker]:
    with contextlib.closing(Asker(port, source)) as asker:
        yield asker


def merge_keys(levels: int) -> bytes:
    """Build a YAML document that grows by a factor of 9 with each level."""
    lines = ["a0: &a0 {k: 1}"]
    for level in range(1, levels):
        many = ",".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {{<<: [{many}]}}")
    return "\n".join(lines).encode()


BOMBS = (
    ("application/yaml", merge_keys(9)),
    ("application/json", b"[" * 16_000),
    ("application/json", b'{"capacity":' + b"9" * 16_000 + b"}"),
    ("application/json", json.dumps({f"a{n}": 0 for n in range(1_400)}).encode()),
    ("application/x-msgpack", b"\x91" * 16_000),
    ("application/x-www-form-urlencoded", b"a=1&" * 4_000),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n" * 1_000),
)


def throws_bombs(port: int, hz: float, seconds: float) -> list[int]:
    """Send a bomb for every parser. Returns: the statuses of the answers."""
    with asking(port) as asker:
        return [
            asker.asks("POST", "/api/match", body, content_type=kind)[0]
            for kind, body in _paced(BOMBS, hz, seconds)
        ]


def lists(port: int, hz: float, seconds: float) -> list[int]:
    """Ask for lists of rooms and for their number. Returns: the statuses of the answers."""
    paths = [*(f"/api/rooms{query}" for query in QUERIES), "/api/relay"]
    with asking(port) as asker:
        return [asker.asks("GET", path)[0] for path in _paced(paths, hz, seconds)]


def makes_rooms(port: int, many: int) -> None:
    """Fill a relay with rooms that nobody enters."""
    with asking(port) as asker:
        for number in range(many):
            tags = {f"t{tag}": "x" for tag in range(number % 3)}
            asker.makes(app="flood", build="1", tags=tags, keep=3600)


def floods_rooms(port: int, sources: list[str], seconds: float) -> tuple[list[int], float]:
    """Make rooms from some addresses, as fast as the relay allows.

    Returns: the statuses, and the seconds that it took.
    """
    with contextlib.ExitStack() as stack:
        askers = [stack.enter_context(asking(port, source)) for source in sources]
        began = time.monotonic()
        paced = _paced(askers, 10 * len(askers), seconds)
        statuses = [asker.makes(app="flood", keep=3600)[0] for asker in paced]
        return statuses, time.monotonic() - began


def count_rooms(port: int, app: str) -> int:
    """Return how many rooms of a game there are."""
    with asking(port, "127.0.0.1") as asker:
        count, after = 0, ""
        while after is not None:
            _, page = asker.asks("GET", f"/api/rooms?app={app}&limit=200&after={after}")
            count, after = count + len(page["rooms"]), page["next"]
        return count


def matches(port: int, many: int, hz: float, seconds: float, **wanted: Any) -> list[int]:
    """Reserve places and use none: some at once, then so many a second."""
    with asking(port) as asker:
        for _ in range(many):
            asker.asks("POST", "/api/match", wanted)
        return [asker.asks("POST", "/api/match", each)[0] for each in _paced([wanted], hz, seconds)]


def asks_for_hashes(port: int, many: int, hz: float, seconds: float) -> None:
    """Join their own room by its password: some at once, then so many a second."""
    asyncio.run(_ask_for_hashes(port, many, hz, seconds))


async def _ask_for_hashes(port: int, many: int, hz: float, seconds: float) -> None:
    password = "mine"
    create = RoomOptions(password=password)
    hello = encode(Hello(1, HelloOptions(password=password, create=create)))
    await seat.connect(port, "MINE", hello=hello, source=STRANGER)
    begun = [await seat.connect(port, "MINE", hello=hello, source=STRANGER) for _ in range(many)]
    for _ in range(int(hz * seconds)):
        begun.append(await seat.connect(port, "MINE", hello=hello, source=STRANGER))
        await asyncio.sleep(1 / hz)  # the rate that the relay allows an address
    for one in begun:
        one.abort()


def _paced(things: Iterable[Any], hz: float, seconds: float) -> Iterator[Any]:
    """Yield one item after another, again and again, at this rate and no faster."""
    began = time.monotonic()
    for number, thing in enumerate(cycle(things)):
        due = began + number / hz
        if due > began + seconds or time.monotonic() > began + 4 * seconds:
            return
        time.sleep(max(0.0, due - time.monotonic()))  # the pace is the attack
        yield thing
