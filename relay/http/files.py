"""The built pages and scripts that a relay serves: relay/web."""

from __future__ import annotations

import html
from collections.abc import Mapping
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "web"

# A relay may be newer than a browser's copy of its scripts: ask each time, it is one round trip.
REVALIDATE = {"cache-control": "no-cache"}

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".tgz": "application/gzip",
    ".ts": "application/typescript; charset=utf-8",  # else it would be taken for MPEG video
    ".webmanifest": "application/manifest+json",
}

NOT_BUILT = (
    "<!doctype html><title>Roomwire</title>"
    "<p>This relay runs, but its pages are not built: <code>make setup</code> builds them.</p>"
)


class Files(StaticFiles):
    """A folder of built files, with ETags. It may be missing: then so is every file."""

    def __init__(self, folder: Path, headers: Mapping[str, str] | None = None) -> None:
        """Args: headers: for every file, beyond those that make browsers ask again."""
        super().__init__(directory=folder, check_dir=False)
        self._headers = {**REVALIDATE, **(headers or {})}

    async def check_config(self) -> None:
        """Let the folder be missing."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Respond with a file, its type told by its name alone, the same on every machine."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(self._headers)
        suffix = Path(full_path).suffix
        if suffix in TYPES and "content-type" in response.headers:
            response.headers["content-type"] = TYPES[suffix]
        return response


def page(name: str, home: str) -> str:
    """Read a page. Its relative links lead to `home`, the URL of the relay's home page from it."""
    try:
        text = (WEB / f"{name}.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return NOT_BUILT
    base = f'<base href="{html.escape(home)}">'
    return text.replace("<head>", f"<head>{base}", 1)
