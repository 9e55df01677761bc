"""An open-loop load for relays: rooms x players x Hz x bytes, and its measurements."""

from __future__ import annotations

from importlib.util import find_spec

if not all(map(find_spec, ("hdrh", "psutil"))):
    raise ImportError("the bench needs more than a relay does: pip install 'roomwire[bench]'")
