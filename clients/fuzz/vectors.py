"""The test vectors of the wire, for authors of codecs in other languages."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import protocol

VECTORS = Path(protocol.__file__).parent / "vectors"
VERSION = "version.json"


def export(folder: Path) -> None:
    """Copy all vectors into a folder, with a file that says what they are of."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(VECTORS.glob("*.json"))
    for source in sources:
        (folder / source.name).write_bytes(source.read_bytes())
    version = {
        "wire": protocol.WIRE_VERSION,
        "package": importlib.metadata.version("roomwire"),
        "files": [source.name for source in sources],
    }
    (folder / VERSION).write_text(json.dumps(version, indent=2) + "\n")
