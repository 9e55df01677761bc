"""The relay: rooms that put frames in order and pass them on."""

import protocol

if not hasattr(protocol, "WIRE_VERSION"):
    raise ImportError(
        f"Roomwire needs its own package 'protocol', but {protocol.__file__} was imported instead: "
        "rename that file, or start Python from another directory."
    )
