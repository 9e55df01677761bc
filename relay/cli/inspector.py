"""The link that opens the inspector, as a relay prints it when it starts."""

from __future__ import annotations

from pathlib import Path

from relay.policy import operators
from relay.server.process import Listener


def link(listener: Listener, chosen: Path | None) -> str | None:
    """Return the link to a relay's inspector, with the token that the relay has made.

    A token that the operator has chosen lives long, and so is not printed: they know it.

    Args: chosen: the file of the token, if the operator has chosen one.

    Returns: None if the relay has made a token and could not keep it.
    """
    page = f"{listener.url}/inspect"
    if chosen is not None:
        return page
    token = operators.find_token(listener.port)
    return None if token is None else f"{page}#token={token}"
