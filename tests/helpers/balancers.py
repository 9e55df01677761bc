"""Real load balancers before several relays, by the lines of docs/clustering.md."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.helpers import caddy
from tests.helpers.nats import FILES
from tests.helpers.proxies import END_SECONDS, find

CLUSTERING = (Path(__file__).parents[2] / "docs/clustering.md").read_text()
HOSTING = (Path(__file__).parents[2] / "docs/hosting.md").read_text()
HOST = "127.0.0.1"

NGINX = """
daemon off;
worker_processes 1;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {temporary}
    {upstream}
    server {{
        listen {host}:{port};
        {location}
    }}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def told(text: str, title: str, relays: Sequence[str]) -> str:
    """Return the block below a title of a page, with the relays that there are."""
    found = re.search(rf"^{title}:\n\n```\w*\n(.*?)^```$", text, re.M | re.S)
    assert found, f"the page has no lines for {title}"
    return placed(found[1], relays)


def placed(text: str, relays: Sequence[str]) -> str:
    for number, relay in enumerate(relays, 1):
        assert f"relay-{number}:8000" in text
        text = text.replace(f"relay-{number}:8000", relay)
    return text


@contextmanager
def nginx(relays: Sequence[str]) -> Iterator[str]:
    """Run nginx before relays, each as HOST:PORT. Yields: its URL."""
    location = re.search(r"^```nginx\n(location / .*?)^```$", HOSTING, re.M | re.S)
    assert location
    with tempfile.TemporaryDirectory() as folder, socket.create_server((HOST, 0)) as bound:
        port = bound.getsockname()[1]
        text = NGINX.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            temporary="\n".join(f"{each}_temp_path {folder}/{each};" for each in TEMPORARY),
            upstream=told(CLUSTERING, "nginx", relays),
            host=HOST,
            port=port,
            location=location[1].replace("http://127.0.0.1:8000", "http://relays"),
        )
        Path(folder, "nginx.conf").write_text(text)
        command = [find("nginx"), "-p", folder, "-c", "nginx.conf", "-e", "error.log"]
        # It takes over a listening socket, as in an upgrade of nginx.
        with running(command, bound, {"NGINX": f"{bound.fileno()};"}):
            yield f"http://{HOST}:{port}"


@contextmanager
def haproxy(relays: Sequence[str]) -> Iterator[str]:
    """Run HAProxy before relays, each as HOST:PORT. Yields: its URL."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server((HOST, 0)) as bound:
        text = placed((FILES / "haproxy.cfg").read_text(), relays)
        path = Path(folder, "haproxy.cfg")
        path.write_text(text.replace("bind 0.0.0.0:8080", f"bind fd@{bound.fileno()}"))
        with running([find("haproxy"), "-db", "-f", str(path)], bound, {}):
            yield f"http://{HOST}:{bound.getsockname()[1]}"


@contextmanager
def caddy_before(relays: Sequence[str]) -> Iterator[str]:
    """Run Caddy before relays, each as HOST:PORT. Yields: its URL."""
    with tempfile.TemporaryDirectory() as folder, caddy.reserved_port() as port:
        # At this address alone: at others somebody else may have the port.
        lines = f"bind {HOST}\n{told(CLUSTERING, 'Caddy', relays)}"
        site = f"http://{HOST}:{port} {{\n{lines}}}\n"
        Path(folder, "Caddyfile").write_text(caddy.OPTIONS.format(folder=folder) + site)
        with caddy.running(Path(folder), caddy.READY[:1]):
            yield f"http://{HOST}:{port}"


@contextmanager
def running(command: list[str], bound: socket.socket, more: Mapping[str, str]) -> Iterator[None]:
    """Run a program that takes a listening socket: so early connections wait until it serves."""
    environment = {**os.environ, **more}
    with subprocess.Popen(command, env=environment, pass_fds=[bound.fileno()]) as process:
        try:
            yield
            assert process.poll() is None
        finally:
            process.terminate()
            process.wait(END_SECONDS)


BALANCERS: Mapping[str, Callable[[Sequence[str]], AbstractContextManager[str]]] = {
    "nginx": nginx,
    "Caddy": caddy_before,
    "HAProxy": haproxy,
}
