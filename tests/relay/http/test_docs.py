"""The REST interface as OpenAPI for programs, and as one page for people."""

import re
from typing import Any

import httpx


async def test_openapi_has_every_operation_and_its_shapes(http: httpx.AsyncClient) -> None:
    response = await http.get("/schema.yml", headers={"accept": "application/json"})
    document = response.json()
    operations = {
        f"{method} {path}" for path, methods in document["paths"].items() for method in methods
    }
    assert operations == {
        "get /healthz",
        "get /api/relay",
        "get /api/rooms",
        "post /api/rooms",
        "get /api/rooms/{name}",
        "get /api/rooms/{name}/watch",
        "post /api/match",
        "get /api/rooms/{name}/players",
        "get /api/rooms/{name}/players/{player}/why",
        "get /api/rooms/{name}/why",
        "get /api/why",
        "post /api/rooms/{name}/players/{player}/kick",
        "put /api/rooms/{name}/host",
        "patch /api/rooms/{name}",
        "post /api/rooms/{name}/say",
        "delete /api/rooms/{name}",
        "get /api/rooms/{name}/conditions",
        "put /api/rooms/{name}/conditions",
        "delete /api/rooms/{name}/conditions",
    }
    shapes = document["components"]["schemas"]
    assert {"NewRoom", "RoomInfo", "RoomPage", "Match", "Matched", "RelayInfo"} <= shapes.keys()
    assert shapes["NewRoom"]["properties"]["title"]["description"]
    refs = set(_refs(document))
    assert {ref.rpartition("/")[2] for ref in refs} <= shapes.keys()
    assert (await http.get("/schema.yml")).headers["content-type"] == "application/yaml"


def _refs(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if "$ref" in tree else []
        return own + [ref for value in tree.values() for ref in _refs(value)]
    return [ref for value in tree for ref in _refs(value)] if isinstance(tree, list) else []


async def test_the_docs_name_everything_and_load_only_our_style(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    for said in ("POST /api/match", "GET /api/rooms/{name}", "capacity", "integer 1..1024"):
        assert said in page
    assert re.findall(r"<link [^>]*>", page) == [
        '<link rel="icon" href="data:,">',
        '<link rel="stylesheet" href="./assets/docs.css">',
    ]
    for loaded in ("<script", "<style", "@import", "<img", "http:", "https:", "{home}"):
        assert loaded not in page
