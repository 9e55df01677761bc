"""What the JavaScript codec costs in Node, against bare @msgpack/msgpack, which checks nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.benchmarks.micro import Ratio
from tests.helpers.node import LIBRARY, NODE_OPTIONS, ROOT, find_node

PROGRAM = Path(__file__).with_name("codec_node.mjs")
MSGPACK = ROOT / "clients/browser/node_modules/@msgpack/msgpack/dist.esm/index.mjs"

MILLISECONDS = 30
"""Of each round of each side of a row."""


def rows(milliseconds: int = MILLISECONDS) -> list[Ratio]:
    """Measure payloads and frames, both ways; both libraries run in one process, in turn."""
    modules = [LIBRARY.as_uri(), MSGPACK.as_uri()]
    command = [find_node(), *NODE_OPTIONS, str(PROGRAM), *modules, str(milliseconds)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Ratio(**row) for row in json.loads(run.stdout)]
