"""Clients of Roomwire; `clients.python` is the one for Python."""

import protocol

if not hasattr(protocol, "WIRE_VERSION"):
    raise ImportError(
        f"Roomwire needs its own package 'protocol', but {protocol.__file__} was imported instead: "
        "rename that file, or start Python from another directory."
    )
