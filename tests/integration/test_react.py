"""The React hook of the client's README, with React itself, in StrictMode."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import anyio.to_thread

from tests.helpers.browser import Tabs
from tests.helpers.node import LIBRARY, find_node
from tests.helpers.players import enter_async
from tests.helpers.relay import running_relay
from tests.helpers.site import site

BROWSER = Path(__file__).parents[2] / "clients" / "browser"
MODULES = BROWSER / "node_modules"

GAME = """import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useRoom } from "./hook";

function Players({ url }: { url: string }) {
  const { room, error } = useRoom(url, "R", "Ann");
  if (error) return <p id="error">{error.name}</p>;
  return <p id="players">{room ? [...room.players.values()].map((p) => p.name).join() : "..."}</p>;
}

function Page() {
  const [isIn, setIn] = useState(true);
  const button = <button onClick={() => setIn(!isIn)}>In or out</button>;
  return <>{button}{isIn && <Players url="URL" />}</>;
}

createRoot(document.body).render(<StrictMode><Page /></StrictMode>);
"""


PLAYERS = "document.querySelector('#players')?.textContent === 'Bob,Ann'"


def hook() -> str:
    (found,) = re.findall(r"^```tsx\n(.*?)^```$", (BROWSER / "README.md").read_text(), re.M | re.S)
    return str(found)


def run_node(script: str, *arguments: str | Path) -> str:
    ended = subprocess.run(
        [find_node(), MODULES / script, *arguments],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def bundle(folder: Path, url: str) -> str:
    """Return a page of the game."""
    (folder / "hook.tsx").write_text(hook())
    (folder / "game.tsx").write_text(GAME.replace("URL", url))
    script = run_node(
        "esbuild/bin/esbuild",
        *("--bundle", "--format=esm", "--jsx=automatic", "--jsx-dev", "--log-level=error"),
        '--define:process.env.NODE_ENV="development"',
        f"--alias:roomwire-client={LIBRARY}",
        folder / "game.tsx",
    )
    inline = script.replace("</script", "<\\/script")
    head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
    return f'{head}<body></body><script type="module">{inline}</script>'


def test_the_hook_is_short_and_its_types_are_right(tmp_path: Path) -> None:
    assert len(hook().splitlines()) <= 25
    (tmp_path / "hook.tsx").write_text(hook())
    (tmp_path / "tsconfig.json").write_text(
        f"""{{
            "extends": "{BROWSER}/tsconfig.json",
            "compilerOptions": {{
                "jsx": "react-jsx", "noEmit": true,
                "paths": {{
                    "roomwire-client": ["{BROWSER}/src/index.ts"],
                    "react": ["{MODULES}/@types/react"]
                }}
            }},
            "include": ["hook.tsx"]
        }}"""
    )
    listed = run_node("typescript/bin/tsc", "-p", tmp_path)
    assert listed == ""


async def test_strict_mode_reloads_and_unmounting_leave_no_ghosts(
    tabs: Tabs, tmp_path: Path
) -> None:
    async with running_relay() as relay, enter_async(relay.url, room="R", name="Bob") as bob:
        html = await anyio.to_thread.run_sync(bundle, tmp_path, relay.url)
        async with site(html) as url, tabs.closed_first():
            page = await tabs.open(url)
            for _ in range(3):
                await page.reload()
                await page.wait_for_function(PLAYERS)
                await bob.sees(lambda room: len(room.players) == 2)
            await page.click("button")
            await bob.sees(lambda room: len(room.players) == 1)
            await page.click("button")
            await page.wait_for_function(PLAYERS)
