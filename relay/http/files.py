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

# A browser's copy of a script may be older than the relay, so it must ask each time.
REVALIDATE = {"cache-control": "no-cache"}

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".tgz": "application/gzip",
    ".ts": "application/typescript; charset=utf-8",  # without it, the type would be MPEG video
    ".webmanifest": "application/manifest+json",
}

NOT_BUILT = (
    "<!doctype html><title>Roomwire</title>"
    "<p>This relay runs, but its pages are not built: <code>make setup</code> builds them.</p>"
)


class Files(StaticFiles):
    """A folder of built files, with ETags. If the folder is missing, every file is."""

    def __init__(self, folder: Path, headers: Mapping[str, str] | None = None) -> None:
        """Args: headers: to send with every file, besides those that make browsers ask again."""
        super().__init__(directory=folder, check_dir=False)
        self._headers = {**REVALIDATE, **(headers or {})}

    async def check_config(self) -> None:
        """Do not check that the folder exists."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Respond with a file. Its name decides its type, so that no machine's own table does."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(self._headers)
        suffix = Path(full_path).suffix
        if suffix in TYPES and "content-type" in response.headers:
            response.headers["content-type"] = TYPES[suffix]
        return response


def page(name: str, home: str) -> str:
    """Read a page. Its relative links start at `home`, the home page's URL from this page."""
    try:
        text = (WEB / f"{name}.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return NOT_BUILT
    base = f'<base href="{html.escape(home)}">'
    return text.replace("<head>", f"<head>{base}", 1)
