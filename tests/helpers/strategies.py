"""How long our searches are; what they search comes from `roomwire.testing`."""

from __future__ import annotations

from hypothesis import settings


def share(part: float) -> settings:
    """Return settings with this part of the profile's examples, or 20 if that is more."""
    return settings(max_examples=max(20, round(settings().max_examples * part)))
