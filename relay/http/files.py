"""What was built and a relay serves: pages and scripts in relay/web, the guide in relay/guide."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping
from os import PathLike, stat_result
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "web"
GUIDE = WEB.with_name("guide")

# A browser's copy of a script may be older than the relay, so it must ask each time.
REVALIDATE = {"cache-control": "no-cache"}

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".inv": "application/octet-stream",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".tgz": "application/gzip",
    ".ts": "application/typescript; charset=utf-8",  # without it, the type would be MPEG video
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}

NOT_BUILT = (
    "<!doctype html><title>Roomwire</title>"
    "<p>This relay runs, but its pages are not built: <code>make setup</code> builds them.</p>"
)
NO_GUIDE = (
    "<!doctype html><title>Roomwire</title><p>This relay runs, but its guide is not built: "
    "<code>make docs</code> builds it in a checkout of Roomwire.</p>"
)

TO_GUIDE = 'href="guide/"'
"""In a page: its link to the guide, which is hidden until there is one."""


class Files(StaticFiles):
    """A folder of built files, with ETags. If the folder is missing, every file is."""

    def __init__(self, folder: Path, headers: Mapping[str, str] | None = None) -> None:
        """Args: headers: to send with every file, besides those that make browsers ask again."""
        super().__init__(directory=folder, check_dir=False)
        self._headers = {**REVALIDATE, **(headers or {})}

    async def check_config(self) -> None:
        """Do not check that the folder exists."""

    def get_path(self, scope: Scope) -> str:
        """Return the path below this folder. The scope has it: Responder has cut off the rest."""
        # Starlette would cut once more where a folder has the name of the path it is served at.
        path: str = scope["path"]
        return os.path.normpath(os.path.join(*path.split("/")))

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


class Guide(Files):
    """The site of docs/, with a page for each folder that has one. It may be built at any time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Respond with a file, or with a folder's page, whose links need the slash at its end."""
        if not has_guide():
            return HTMLResponse(NO_GUIDE, 404, REVALIDATE)
        asked: str = scope["state"]["asked"]
        page = os.path.join(path, "index.html")
        if asked.endswith("/"):
            return await super().get_response(page, scope)
        try:
            return await super().get_response(path, scope)
        except HTTPException:
            await super().get_response(page, scope)  # raises if there is no such page either
        # Relative, as a proxy may have taken off a prefix of which nobody told us.
        folder = quote(asked.rpartition("/")[2])
        return Response(status_code=307, headers={"location": f"./{folder}/", **REVALIDATE})


def has_guide() -> bool:
    """Say whether the guide is built."""
    return (GUIDE / "index.html").exists()


def page(name: str, home: str) -> str:
    """Read a page. Its relative links start at `home`, the home page's URL from this page."""
    try:
        text = (WEB / f"{name}.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return NOT_BUILT
    base = f'<base href="{html.escape(home)}">'
    if has_guide():
        text = text.replace(f"{TO_GUIDE} hidden", TO_GUIDE)
    return text.replace("<head>", f"<head>{base}", 1)
