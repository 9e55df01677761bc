"""How Sphinx makes the site of these pages: `make docs`."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.highlighting import lexers

project = "Roomwire"
author = project_copyright = "the Roomwire authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "README.md"]  # README.md is the index for whoever reads the files
html_theme = "furo"
html_title = "Roomwire"
html_favicon = "icon.svg"
html_copy_source = False
html_show_sourcelink = False
default_role = "code"  # of docstrings: what stands between backticks is a name
myst_heading_anchors = 3
autodoc_typehints_format = "short"
lexers |= {name: TextLexer() for name in ("caddyfile", "hex", "mermaid")}  # shown as they stand

SPEC = re.compile(r"\]\((\.\./)+protocol/SPEC\.md\)")
ANNOTATED = re.compile(r"~?\w+(?:\.\w+)*\.Annotated\[(.+?), <[^>]*>\]")


def lead_to_the_wire(app: Sphinx, page: str, source: list[str]) -> None:
    """Let links to SPEC.md, which lies outside, lead to the page that includes it."""
    source[0] = SPEC.sub("](/wire.md)", source[0])


def read_sections(
    app: Sphinx, what: str, name: str, it: Any, options: Any, lines: list[str]
) -> None:
    """Read Args, Returns and Raises.

    As an extension, napoleon would take what an attribute's words have before a colon for its type.
    """
    lines[:] = GoogleDocstring(lines, Config(), app, "object", name, it, options).lines()


def show_plain_types(
    app: Sphinx, what: str, name: str, it: Any, options: Any, said: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Leave out of a signature how the wire writes a field."""
    return said and ANNOTATED.sub(r"\1", said), returned


def hide_how_fields_are_written(app: Sphinx, page: nodes.document) -> None:
    """Drop what autodoc leaves of such a type at an attribute; the signature has the plain one."""
    for node in list(page.findall(addnodes.desc_annotation)):
        if " object at 0x" in node.astext():
            node.parent.remove(node)


def setup(app: Sphinx) -> None:
    app.connect("source-read", lead_to_the_wire)
    app.connect("autodoc-process-docstring", read_sections)
    app.connect("autodoc-process-signature", show_plain_types)
    app.connect("doctree-read", hide_how_fields_are_written)
