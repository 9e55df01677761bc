"""The command `relay demo`: a relay, bots in a room, and a link that a phone can scan."""

from __future__ import annotations

import contextlib
import importlib.metadata
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Iterator

import segno

from relay.cli import inspector
from relay.cli.printing import say
from relay.policy import lan
from relay.policy.config import Settings
from relay.policy.origins import parse_authority
from relay.server.process import (
    CannotListen,
    Listener,
    listen,
    serve,
)

ROOM = "DEMO"
NEIGHBOURS = 20  # how many ports to try after a taken one
BOTS_END_SECONDS = 5.0
DRAIN_SECONDS = 0.5  # seconds: nobody wants to wait for the end of a demo


def show(host: str, port: int, bots: int, *, opens: bool) -> None:
    """Run the demo until SIGINT, SIGTERM or SIGHUP.

    Args:
        port: if it is taken, one of the next ones is used.
        opens: whether to open a browser on this machine.

    Raises:
        CannotListen: no port is free, or the address is not this machine's.
        pydantic.ValidationError: the environment has invalid settings.
    """
    listener = listen_nearby(host, port)
    names = (*Settings().names, *own_names())
    settings = Settings(
        host=host,
        port=listener.port,
        names=names,
        log_level="warning",
        drain_seconds=DRAIN_SECONDS,
        state=None,
    )
    with contextlib.ExitStack() as stack:

        def begin(listener: Listener) -> None:
            has_bots = bool(bots) and stack.enter_context(_bots(listener.url, bots))
            look = inspector.link(listener, settings.operator_token_file)
            say(describe(listener, bots if has_bots else 0, look))
            if opens:
                webbrowser.open(f"{listener.url}/r/{ROOM}")

        serve(settings, listener=listener, on_listening=begin)


def listen_nearby(host: str, port: int) -> Listener:
    """Bind the port, or one of the next ones.

    Raises:
        CannotListen: none of them is free.
    """
    for candidate in range(port, min(port + NEIGHBOURS, 0xFFFF)):
        with contextlib.suppress(CannotListen):
            return listen(host, candidate)
    return listen(host, port + NEIGHBOURS)


def own_names() -> list[str]:
    """Return the names by which others on the network may reach this machine."""
    name = socket.gethostname()
    return [each for each in (name, f"{name}.local") if parse_authority(each) is not None]


def describe(listener: Listener, bots: int, look: str | None) -> str:
    """Return the text to print: who plays, the room's links, and one of them as a QR code.

    Args: look: the link of the inspector, if there is one.
    """
    path = f"/r/{ROOM}"
    elsewhere = lan.found_at(listener.host, listener.port)
    players = f"with {bots} bots in room {ROOM}" if bots else f"its room is {ROOM}"
    lines = [
        f"Roomwire is running, {players}. Ctrl+C stops it.",
        "",
        f"  on this computer  {listener.url}{path}",
    ]
    lines += [] if look is None else [f"  look inside       {look}"]
    if elsewhere is not None:
        lines += [f"  on your network   {elsewhere}{path}", "", *_qr(elsewhere + path)]
    return "\n".join(lines)


def _qr(text: str) -> list[str]:
    """Draw a QR code, two of its rows in each line of text, dark on light."""
    try:
        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return []
    rows = [list(row) for row in segno.make(text, micro=False).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    # Most terminals are dark, so the light modules are drawn.
    blocks = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        "  " + "".join(blocks[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in pairs
    ]


@contextlib.contextmanager
def _bots(url: str, count: int) -> Iterator[bool]:
    """Run bots in a process of their own. Yields: whether this machine has bots installed."""
    if not importlib.metadata.entry_points(group="roomwire.commands", name="bots"):
        yield False
        return
    command = [sys.executable, "-m", "relay", "bots", "--url", url, "--room", ROOM]
    process = subprocess.Popen([*command, "--count", str(count)])
    try:
        yield True
    finally:
        process.terminate()
        try:
            process.wait(BOTS_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
