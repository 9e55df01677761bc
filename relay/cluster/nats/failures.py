"""Why a server of NATS does not take a relay, in words, and what to do about it."""

from __future__ import annotations

import socket
import ssl

import nats.errors

REFUSED = "Authorization Violation"
"""What a server says whose user or password is another."""


def reason(error: Exception) -> str:
    """Say why no connection came about, and what an operator can look at."""
    match error:
        case ConnectionRefusedError():
            return "nothing listens there: is nats-server running?"
        case socket.gaierror():
            return f"this name has no address ({error.strerror}): is it right?"
        case ssl.SSLCertVerificationError():
            return f"{error}: --nats-ca names the certificates that sign the servers'"
        case TimeoutError() | nats.errors.TimeoutError():
            return "no answer: is that nats-server, and does the network let a relay through?"
    said = str(error) or type(error).__name__
    if isinstance(error, nats.errors.AuthorizationError) or REFUSED.lower() in said.lower():
        return f"{REFUSED}: it knows no such user, or another password"
    return said.removeprefix("nats: ")
