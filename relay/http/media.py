"""What a stranger's request may hold: JSON, and no more of it than our parser reads quickly.

SPEC has no other form of a request, and each further parser is a risk: YAML's makes gigabytes of
600 bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

JSON = "application/json"

MAX_DEPTH = 4
"""Most levels of objects and lists. REST needs two."""
MAX_VALUES = 128
"""Most values in a body, at all depths. REST needs at most 34."""
MAX_DIGITS = 20
"""Most characters of a number: the time to read an integer grows with the square of its length."""
MAX_PARAMETERS = 32
"""Most parameters of a query. REST needs at most 21."""
MAX_PART = 255
"""Most characters between two slashes of a path: what routes read as a number is short, too."""
MAX_ACCEPT = 1024
"""Bytes of the header Accept that are read. Browsers send about 150."""

Headers = Iterable[tuple[bytes, bytes]]
Refused = tuple[int, str]
"""HTTP status, and one sentence for a human."""


def refuse(method: str, headers: Headers, query: bytes) -> Refused | None:
    """Say why a request cannot be read, or None if it can."""
    if query.count(b"&") >= MAX_PARAMETERS:
        return 400, f"a query has {MAX_PARAMETERS} parameters at most"
    if not _has_body(headers):
        return None
    if method in ("GET", "HEAD", "OPTIONS"):
        return 415, f"{method} takes no body: leave it out"
    kinds = _values(headers, b"content-type")
    if [_plain(kind) for kind in kinds] != [JSON]:
        said = kinds[0][:100] if len(kinds) == 1 else f"{len(kinds)} kinds"
        return 415, f"the body must be {JSON}, as the header Content-Type says, and is {said!a}"
    return None


def refuse_path(path: str) -> Refused | None:
    """Say why a path leads nowhere whatever it is, or None if it may lead somewhere."""
    if max(map(len, path.split("/"))) > MAX_PART:
        return 404, f"a path has {MAX_PART} characters at most between two slashes"
    return None


def readable(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of an accepted request, without parts that only cost time.

    Content-Type has the one form that every reader takes for JSON and for nothing else.
    """
    accepts = sum(len(value) for name, value in headers if name == b"accept") <= MAX_ACCEPT
    dropped = {b"content-type"} if accepts else {b"content-type", b"accept"}
    kept = [header for header in headers if header[0] not in dropped]
    return [*kept, (b"content-type", JSON.encode())] if _has_body(headers) else kept


def parse(body: bytes) -> Any:
    """Read JSON.

    Raises:
        ValueError: it is no JSON, or too much of it. One sentence says what is wrong.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=lambda digits: int(_short(digits)),
            parse_float=lambda digits: float(_short(digits)),
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"the body is no JSON: {error.msg} at {where}") from None
    except UnicodeDecodeError:
        raise ValueError("the body is no JSON: it is not in UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    _check_size(value)
    return value


def _check_size(value: Any) -> None:
    # Level by level, so that this needs no recursion and goes no deeper than allowed.
    level, count = [value], 0
    for _ in range(MAX_DEPTH + 1):
        count += len(level)
        if count > MAX_VALUES:
            raise ValueError(f"the body has more than {MAX_VALUES} values")
        level = [child for each in level for child in _children(each)]
    if level:
        raise _too_deep()


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the body has an object in which a key comes twice")
    return found


def _short(digits: str) -> str:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the body has a number of more than {MAX_DIGITS} characters")
    return digits


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"the body is no JSON: it has no {name}")


def _too_deep() -> ValueError:
    return ValueError(f"the body has more than {MAX_DEPTH} objects and lists within each other")


def _has_body(headers: Headers) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def _values(headers: Headers, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in headers if name == wanted]


def _plain(kind: str) -> str:
    """Return a Content-Type in lower case, and without `charset=utf-8`."""
    name, _, parameter = kind.lower().partition(";")
    is_utf8 = parameter.strip().replace('"', "") in ("", "charset=utf-8")
    return name.strip() if is_utf8 else kind
