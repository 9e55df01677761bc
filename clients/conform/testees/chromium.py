"""Our browser client in headless Chromium under test.

    python -m clients.conform.testees.chromium [CHROMIUM]

It serves a page on loopback. The page has the client, and a WebSocket back to here that carries the
lines of standard input and output.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it cannot start as root with one, and loads nothing but our own page
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # A browser that phones home takes time that the cases measure.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that nobody looks at must not be slowed down.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
)

PAGE = """<!doctype html><title>Under test</title><link rel="icon" href="data:,">
<script type="module">
  import * as roomwire from "/roomwire.js";
  import { testee } from "/testee.mjs";
  const lines = new WebSocket(`ws://${location.host}/lines`);
  lines.onopen = () => {
    const write = (line) => lines.send(line);
    const take = testee(roomwire, "Roomwire for JavaScript in Chromium", write);
    lines.onmessage = ({ data }) => take(data);
  };
</script>"""


def served(path: str) -> tuple[bytes, str] | None:
    """Return a file of the page, and its type."""
    if path == "/":
        return PAGE.encode(), "text/html; charset=utf-8"
    homes = {"/testee.mjs": "clients.conform.testees", "/roomwire.js": "relay"}
    if path not in homes:
        return None
    folder = files(homes[path])
    file = folder / "web" / "client" / "roomwire.js" if "roomwire" in path else folder / path[1:]
    return file.read_bytes(), "text/javascript; charset=utf-8"


async def answer(_: ServerConnection, request: Request) -> Response | None:
    """Serve the page; what is no file of it is its WebSocket."""
    if request.path == "/lines":
        return None
    found = served(request.path)
    status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
    body, kind = found or (b"", "text/plain")
    headers = Headers([("Content-Type", kind), ("Content-Length", str(len(body)))])
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, body)


async def carry(page: ServerConnection) -> None:
    """Carry lines to the page and from it, until the input ends."""
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(_tell(page))
        while line := await asyncio.to_thread(sys.stdin.readline):
            await page.send(line)
        telling.cancel()


async def _tell(page: ServerConnection) -> None:
    async for line in page:
        print(line, flush=True)


async def main(executable: str) -> None:
    """Start the browser, and end it with the input."""
    is_over = asyncio.Event()

    async def handle(page: ServerConnection) -> None:
        try:
            await carry(page)
        finally:
            is_over.set()

    async with serve(handle, "127.0.0.1", 0, process_request=answer, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            browser = await asyncio.create_subprocess_exec(
                executable,
                *FLAGS,
                f"--user-data-dir={Path(home)}",
                f"http://127.0.0.1:{port}/",
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await is_over.wait()
            finally:
                browser.terminate()
                await browser.wait()


if __name__ == "__main__":
    chosen = (
        sys.argv[1] if len(sys.argv) > 1 else next(filter(None, map(shutil.which, NAMES)), None)
    )
    if chosen is None:
        sys.exit("no Chromium on PATH: name one")
    asyncio.run(main(chosen))
