"""The REST interface for people: one page made of the OpenAPI document, without a script.

Responder's own pages for this load scripts from other sites. Our Content-Security-Policy forbids
that, and without internet it does not work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Tree = Mapping[str, Any]

ANYWHERE = (
    "Bad Request",
    "Not Found",
    "Method Not Allowed",
    "Content Too Large",
    "Internal Server Error",
    "Validation Error",
)
"""Answers that every operation may give. The page shows only the others."""

HOME = "{home}"

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="{home}assets/docs.css"></head>
<body><header><a class="brand" href="{home}"><span class="mark"></span>Roomwire</a></header>
<main><div><h1>{title}</h1><p>{description}</p>
<p>Errors are <code>application/problem+json</code> with <code>detail</code>, a sentence.
As OpenAPI: <a href="{home}schema.yml">schema.yml</a></p></div>
{operations}</main></body></html>
"""


class Documents:
    """The REST interface in all forms, each made once.

    Attributes: forms: for programs, by media type. The first is for those that accept any.
    """

    def __init__(self, document: Tree, yaml: str) -> None:
        """Args: document: the OpenAPI document. yaml: the same as text."""
        as_json = json.dumps(document, ensure_ascii=False)
        self.forms = {"application/yaml": yaml.encode(), "application/json": as_json.encode()}
        self._page = page(document)

    def page(self, home: str) -> str:
        """Return the page for people. Args: home: URL of the relay's home page from this one."""
        return self._page.replace(HOME, escape(home))


def page(document: Tree) -> str:
    """Return the page of an OpenAPI document. `HOME` stands for the URL of the home page."""
    operations = (
        _operation(f"{method.upper()} {path}", operation, document)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    info = document["info"]
    return PAGE.format(
        title=escape(f"{info['title']} {info['version']}"),
        description=escape(info.get("description", "")),
        home=HOME,
        operations="\n".join(operations),
    )


def _operation(name: str, operation: Tree, document: Tree) -> str:
    head = f"<h2><code>{escape(name)}</code></h2><p>{escape(operation['summary'])}</p>"
    parts = ['<section class="card">', head]
    parameters = operation.get("parameters", ())
    if parameters:
        rows = ((p["name"], _kind(p["schema"]), p.get("description", "")) for p in parameters)
        parts.append(_table("parameter", rows))
    if "requestBody" in operation:
        fields = _schema(operation["requestBody"], document)["properties"].items()
        rows = ((key, _kind(field), field.get("description", "")) for key, field in fields)
        parts.append(_table("field of the body", rows))
    answers = (
        _answer(status, answer, document)
        for status, answer in operation["responses"].items()
        if answer["description"] not in ANYWHERE
    )
    parts.append(_table("answer", answers) + "</section>")
    return "\n".join(parts)


def _answer(status: object, answer: Tree, document: Tree) -> tuple[str, str, str]:
    is_problem = "application/problem+json" in answer.get("content", {})
    fields = () if is_problem else _schema(answer, document).get("properties", ())
    return str(status), ", ".join(fields), answer["description"]


def _schema(body: Tree, document: Tree) -> Tree:
    """Return the schema of a body's JSON."""
    media: Tree = next(iter(body.get("content", {}).values()), {})
    schema: Tree = media.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Tree = document["components"]["schemas"][name] if name else schema
    return found


def _kind(schema: Tree) -> str:
    """Say in a word or two what a value may be."""
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    bounds = [schema.get(key) for key in ("minimum", "maximum")]
    said = str(schema.get("type", "any"))
    if None not in bounds:
        said += " {}..{}".format(*bounds)
    if "default" in schema:
        said += f" = {json.dumps(schema['default'])}"
    return said


def _table(title: str, rows: Iterable[tuple[str, str, str]]) -> str:
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr><th>{title}</th><th></th><th></th></tr>{body}</table>"
