"""How to name a setting to those who are to change it: as they have started the relay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

ENVIRONMENT = "RELAY_"
"""What the name of every environment variable begins with."""

SINGULAR: Mapping[str, str] = MappingProxyType(
    {"names": "name", "origins": "origin", "trusted_proxies": "trusted_proxy"}
)
"""Options that may be given several times are called by what one of them is."""

Spelling = Callable[[str, str], str]
"""Takes a field of `Settings` and a value for it; returns what to write where."""


def option(field: str) -> str:
    """Spell a field as an option of the command line."""
    return "--" + SINGULAR.get(field, field).replace("_", "-")


def variable(field: str) -> str:
    """Spell a field as an environment variable."""
    return ENVIRONMENT + field.upper()


def by_option(field: str, value: str) -> str:
    """Spell a setting for those who have started `relay serve`."""
    return f"{option(field)} {value}"


def by_settings(field: str, value: str) -> str:
    """Spell a setting for those whose own server runs the app: they have no options."""
    return f"{variable(field)}={value} (or Settings({field}=...))"
