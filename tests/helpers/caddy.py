"""A real Caddy with a certificate of its own in front of a relay."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.proxies import END_SECONDS, Proxy, find

NAME = "play.example.com"
"""The site in the guide's examples."""
RELAY = "127.0.0.1:8000"
"""Where they believe the relay to be."""

OPTIONS = """
{{
    debug
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}
    servers {{
        protocols h1 h2
    }}
}}
"""
SITE = """https://127.0.0.1:{port} {{
    tls internal
    bind 127.0.0.1"""

READY = ("serving initial configuration", "added certificate to cache")
"""What it logs, in detail, once it serves."""


@contextmanager
def caddy_before(port: int, caddyfile: str, path: str = "") -> Iterator[Proxy]:
    """Run Caddy in front of a relay.

    Args:
        caddyfile: as in the guide; the site's name and the relay's address are replaced.
        path: below which it shows the relay.
    """
    assert f"{NAME} {{" in caddyfile
    assert RELAY in caddyfile
    with tempfile.TemporaryDirectory() as name, reserved_port() as own_port:
        folder = Path(name)
        text = caddyfile.replace(f"{NAME} {{", SITE.format(port=own_port))
        text = text.replace(RELAY, f"127.0.0.1:{port}")
        (folder / "Caddyfile").write_text(OPTIONS.format(folder=folder) + text)
        with running(folder):
            authority = folder / "pki/authorities/local/root.crt"
            yield Proxy(own_port, ssl.create_default_context(cafile=str(authority)), path)


@contextmanager
def running(folder: Path, ready: tuple[str, ...] = READY) -> Iterator[None]:
    """Run Caddy by the Caddyfile of a folder, and wait until it has logged that it is ready."""
    command = [find("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    homes = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **homes}, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            wait_for(ready, process.stderr)
            # Read on: a pipe that is full would halt it.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(END_SECONDS)


def wait_for(said: tuple[str, ...], lines: Iterator[str]) -> None:
    """Return once each of these stood in a line."""
    missing, heard = set(said), []
    for line in lines:
        heard.append(line)
        missing = {each for each in missing if each not in line}
        if not missing:
            return
    raise AssertionError("".join(heard))


@contextmanager
def reserved_port() -> Iterator[int]:
    """Hold a free port that Caddy may listen at, as it shares ports, and other programs may not."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
