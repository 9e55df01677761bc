"""What is done to the pages of the site after Sphinx and TypeDoc have written them."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.S)
STYLED = re.compile(r'(<[a-zA-Z][^<>]*) style="([^"]*)"')
LINK = re.compile(r'<[^<>]* (?:href|src)="([^"]*)"')
NAME = re.compile(r'<[^<>]* (?:id|name)="([^"]*)"')
LISTED = re.compile(r"\]\(([^)]+)\)")
TAGS = {"script": '<script src="{}"></script>', "style": '<link rel="stylesheet" href="{}">'}
SUFFIXES = {"script": ".js", "style": ".css"}
MAKES_STYLE = 'createElement("style")'

TO_ROOT = 'href="guide:'
"""How TypeDoc, which knows no other pages, is told of them: its links to the top of the site."""


def lead_to_pages(text: str) -> str:
    """Let a text that leads to the sources of pages lead to the pages."""
    return text.replace("../protocol/SPEC.md", "wire.md").replace(".md)", ".html)")


def move_inline(site: Path) -> None:
    """Move scripts and styles of pages to files: a relay's Content-Security-Policy wants it so."""
    rules: dict[str, str] = {}
    for page in site.rglob("*.html"):
        up = "../" * (len(page.relative_to(site).parts) - 1)
        text = page.read_text("utf-8").replace(TO_ROOT, f'href="{up}')
        text = INLINE.sub(partial(_moved, site=site, up=up), text)
        text = STYLED.sub(partial(_named, rules=rules), text)
        sheet = TAGS["style"].format(f"{up}_static/inline.css")
        page.write_text(text.replace("</head>", f"{sheet}</head>", 1), "utf-8")
    sheet = "".join(f'[data-style="{name}"] {{ {rule} }}\n' for name, rule in rules.items())
    (site / "_static" / "inline.css").write_text(sheet, "utf-8")


def _moved(found: re.Match[str], site: Path, up: str) -> str:
    kind, content = found.groups()
    name = f"_static/inline-{_digest(content)}{SUFFIXES[kind]}"
    (site / name).write_text(content, "utf-8")
    return TAGS[kind].format(up + name)


def _named(found: re.Match[str], rules: dict[str, str]) -> str:
    tag, rule = found.groups()
    name = _digest(rule)
    rules[name] = rule
    return f'{tag} data-style="{name}"'


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def make_no_style(script: Path) -> None:
    """Keep TypeDoc's script from an inline style: it is for filters, which these have not."""
    text = script.read_text("utf-8")
    if MAKES_STYLE not in text:
        raise ValueError(f"{script} makes no style: take this away")
    script.write_text(text.replace(MAKES_STYLE, 'createElement("template")'), "utf-8")


def dead_links(site: Path) -> list[str]:
    """Return the links within the site that lead nowhere, each with its page."""
    names = {page: set(NAME.findall(page.read_text("utf-8"))) for page in site.rglob("*.html")}
    return sorted(
        f"{page.relative_to(site)}: {link}"
        for page in [*names, site / "llms.txt"]
        for link in _links(page)
        if not _leads_somewhere(page, link, names)
    )


def _links(page: Path) -> Iterator[str]:
    pattern = LINK if page.suffix == ".html" else LISTED
    found = set(map(html.unescape, pattern.findall(page.read_text("utf-8"))))
    return (link for link in found if not urlsplit(link).scheme and not urlsplit(link).netloc)


def _leads_somewhere(page: Path, link: str, names: dict[Path, set[str]]) -> bool:
    path, _, name = unquote(link).partition("#")
    target = (page.parent / path.partition("?")[0]).resolve() if path else page
    target = target / "index.html" if target.is_dir() else target
    return target.exists() and (not name or name in names.get(target, {name}))
