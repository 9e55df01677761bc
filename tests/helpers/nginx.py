"""A real nginx with TLS in front of a relay, which it shows below a path."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.helpers.proxies import END_SECONDS, Proxy, find

BINDS = "127.0.0.2"
"""The address that nginx connects to the relay from, as if it were another machine."""

CONFIGURATION = """
daemon off;
worker_processes 1;
{user}
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        proxy_bind {binds};
        {settings}
        {locations}
    }}
}}
"""

LITERAL = "location /rt/ {{ proxy_pass http://127.0.0.1:{port}/; }}"
"""The least that people write."""

UPGRADING = """
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
"""
HOST = "proxy_set_header Host $http_host;"
FORWARDING = """
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $http_host;
"""
PREFIX = "proxy_set_header X-Forwarded-Prefix /rt;"


@contextmanager
def nginx_before(
    port: int, *settings: str, locations: str = LITERAL, path: str = "/rt"
) -> Iterator[Proxy]:
    """Run nginx in front of a relay.

    Args:
        settings: lines of configuration for all paths.
        path: where the locations show the relay.
    """
    where = find("nginx")
    certificate, key = made_certificate()
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as bound:
        folder, own_port = Path(name), bound.getsockname()[1]
        text = CONFIGURATION.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            port=own_port,
            certificate=certificate,
            key=key,
            binds=BINDS,
            settings="\n".join(settings),
            locations=locations.format(port=port),
        )
        (folder / "nginx.conf").write_text(text)
        # It takes over a listening socket, as in an upgrade of nginx. So nobody else can take the
        # port, and early connections wait until it serves.
        command = [where, "-p", name, "-c", "nginx.conf", "-e", "error.log"]
        environment = {**os.environ, "NGINX": f"{bound.fileno()};"}
        with subprocess.Popen(command, env=environment, pass_fds=[bound.fileno()]) as process:
            try:
                trusting = ssl.create_default_context(cafile=str(certificate))
                yield Proxy(own_port, trusting, path)
                assert process.poll() is None, (folder / "error.log").read_text()
            finally:
                process.terminate()
                process.wait(END_SECONDS)


@cache
def made_certificate() -> tuple[Path, Path]:
    """Make a self-signed certificate for 127.0.0.1. Returns: its file, and its key."""
    folder = Path(tempfile.mkdtemp())
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=game.example"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:game.example"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
