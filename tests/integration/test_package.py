"""The npm package that a relay serves, and its types: by a real npm and a real compiler."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import anyio.to_thread
import httpx
import pytest

from clients.python import Joined
from tests.helpers import vectors
from tests.helpers.node import NODE_OPTIONS, find_node
from tests.helpers.players import enter_async
from tests.helpers.relay import RunningRelay, running_relay

BROWSER = Path(__file__).parents[2] / "clients" / "browser"
COMPILER = BROWSER / "node_modules" / "typescript" / "bin" / "tsc"
NOWHERE = "http://127.0.0.1:9"
"""A registry that nobody can ask."""

MANIFEST = '{"name": "game", "private": true, "type": "module"}'
PROGRAM = """import { EVERYONE, type Event, NoSuchRoom, type Room, connect } from "MODULE";

export async function play(url: string): Promise<string> {
  const room: Room = await connect(url, { room: "R", name: "Ann", timeout: 5 });
  const stop: () => void = room.on("message", ({ player }) => console.log(player.name));
  const number: number = await room.send({ say: "hello" }, { to: EVERYONE });
  const isWrong = (error: unknown): boolean => error instanceof NoSuchRoom && error.code === number;
  for await (const event of room) if (ends(event)) break;
  stop();
  return `${room.code} ${isWrong(null)}`;
}

const ends = (event: Event): boolean => event.type === "closed";

// @ts-expect-error There is no such option.
void connect("localhost:8000", { pasword: "x" });
"""

CONFORM = """import { createRequire } from "node:module";
import { ErrorCode, RemoteProtocolError, locate, scan } from "roomwire-client";

const require = createRequire(import.meta.url);
const { vectors } = require("roomwire-client/vectors/malformed.json");
const cut = vectors.find(({ hex }) => hex === "930101");
let found;
try {
  scan(Uint8Array.from(Buffer.from(cut.hex, "hex")));
} catch (error) {
  if (error instanceof RemoteProtocolError) found = error;
}
const name = Object.keys(ErrorCode).find((name) => ErrorCode[name] === found.code);
console.log(vectors.length, name, found.offset, locate(Uint8Array.of(0x91, 0x01), [0]));
"""

STRICT = {
    "target": "ES2022",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": [],
    "noEmit": True,
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "verbatimModuleSyntax": True,
    "erasableSyntaxOnly": True,
    "skipLibCheck": False,
}
RESOLUTIONS = {
    "bundler": {"module": "ESNext", "moduleResolution": "bundler"},
    "nodenext": {"module": "NodeNext", "moduleResolution": "nodenext"},
}


@pytest.fixture(scope="module")
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


async def run(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder, and return what it printed; fail if it did."""
    ended = await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
        )
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
async def project(relay: RunningRelay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed what the relay serves, and nothing else."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package.json").write_text(MANIFEST)
    tarball = f"{relay.url}/client/roomwire-client.tgz"
    await run(
        *(sys.executable, BROWSER / "node.py", "npm", "install", tarball),
        *("--prefix", folder, "--registry", NOWHERE, "--no-audit", "--no-fund"),
        *("--cache", folder / "cache"),
        folder=folder,
    )
    return folder


async def compile_as(folder: Path, resolution: str, name: str, program: str) -> None:
    """Check a program with the compiler."""
    (folder / name).write_text(program)
    settings = {
        "compilerOptions": {**STRICT, **RESOLUTIONS[resolution]},
        "include": [name, "*.d.ts"],
    }
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    await run(find_node(), COMPILER, "-p", folder, folder=folder)


@pytest.mark.timeout(600)
class TestInstalled:
    async def test_it_needs_no_other_package(self, project: Path) -> None:
        made = json.loads((project / "node_modules/roomwire-client/package.json").read_text())
        assert made["name"] == "roomwire-client"
        assert not {"dependencies", "scripts", "private"} & set(made)
        installed = {path.name for path in (project / "node_modules").iterdir()}
        assert installed == {".package-lock.json", "roomwire-client"}

    @pytest.mark.parametrize("resolution", RESOLUTIONS)
    async def test_a_strict_project_compiles(self, project: Path, resolution: str) -> None:
        program = PROGRAM.replace("MODULE", "roomwire-client")
        await compile_as(project, resolution, "game.ts", program)

    async def test_a_wrong_program_does_not(self, project: Path) -> None:
        program = 'import { connect } from "roomwire-client";\nconnect(7);\n'
        with pytest.raises(AssertionError, match="TS2345"):
            await compile_as(project, "bundler", "wrong.ts", program)

    async def test_it_plays(self, project: Path, relay: RunningRelay) -> None:
        script = (
            'import { connect } from "roomwire-client";'
            f'const room = await connect("{relay.url}", {{ room: "R", name: "Node" }});'
            "room.leave();"
        )
        (project / "play.js").write_text(script)
        async with enter_async(relay.url, room="R") as bob:
            await run(find_node(), *NODE_OPTIONS, "play.js", folder=project)
            await bob.hears(Joined, lambda joined: joined.player.name == "Node")

    async def test_its_vectors_hold_its_codec(self, project: Path) -> None:
        """A program that installed the package finds the vectors, and what to hold to them."""
        (project / "conform.mjs").write_text(CONFORM)
        read = await run(find_node(), "conform.mjs", folder=project)
        ours = vectors.FOLDER
        assert read.split() == [str(len(vectors.load("malformed"))), "TRUNCATED", "3", "1"]
        carried = project / "node_modules" / "roomwire-client" / "vectors"
        assert {path.name for path in carried.iterdir()} == {path.name for path in ours.iterdir()}
        for path in ours.iterdir():
            assert (carried / path.name).read_bytes() == path.read_bytes()

    async def test_the_game_can_be_forked(self, project: Path) -> None:
        """The files of the page's game compile with types that are only erased."""
        fork = project / "fork"
        (fork / "game").mkdir(parents=True)
        page = BROWSER / "src" / "page"
        taken = ["legible.ts", "dom.ts"]
        taken += [
            f"game/{name}.ts"
            for name in ("game", "referee", "ship", "arena", "sky", "palette", "view")
        ]
        for name in [*taken, "game/controls.ts"]:
            text = (page / name).read_text()
            (fork / name).write_text(re.sub(r'"(\.\./)+index\.js"', '"roomwire-client"', text))
        program = 'import "./game/arena.js";\nimport "./game/controls.js";\n'
        await compile_as(fork, "bundler", "main.ts", program)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
async def test_an_import_by_url_has_types(
    relay: RunningRelay, tmp_path: Path, resolution: str
) -> None:
    (tmp_path / "package.json").write_text(MANIFEST)
    module = f"{relay.url}/client/roomwire.js"
    with pytest.raises(AssertionError, match="TS2307"):
        await compile_as(tmp_path, resolution, "game.ts", PROGRAM.replace("MODULE", module))
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{relay.url}/client/roomwire.d.ts")
    (tmp_path / "roomwire.d.ts").write_text(answer.text)
    await compile_as(tmp_path, resolution, "game.ts", PROGRAM.replace("MODULE", module))


async def test_the_tarball_has_the_same_bytes_for_the_same_files(relay: RunningRelay) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{relay.url}/client/roomwire-client.tgz")
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.content[4:8] == bytes(4), "gzip's time of making"
    with tarfile.open(fileobj=BytesIO(gzip.decompress(answer.content))) as tar:
        members = tar.getmembers()
    assert len({(each.mtime, each.uid, each.gid, each.uname) for each in members}) == 1
    assert {"package/dist/roomwire.js", "package/LICENSE"} <= {each.name for each in members}
