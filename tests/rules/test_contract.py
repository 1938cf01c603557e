"""The generated contracts: valid, complete, and shown on the pages."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import ClientSession

from core import problems
from matching.reading.mapping import Mapping
from realtime.events import CATALOGUE
from server.app import endpoints
from server.contract import asyncapi, files, openapi

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.acceptance
def test_the_committed_files_and_migrations_match_the_code() -> None:
    done = subprocess.run([sys.executable, "-m", "server", "check-generated"], cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_two_migrations_of_one_number_are_found(tmp_path: Path) -> None:
    for name in ("9_20261128_a.py", "19_20261129_hint.py", "19_20261130_url.py", "20_20261130_b.py", "__init__.py"):
        (tmp_path / name).touch()

    assert files.migrations_of_one_number(tmp_path) == [["19_20261129_hint.py", "19_20261130_url.py"]]


@pytest.mark.integration
def test_every_schema_is_a_json_schema() -> None:
    for document in (openapi.document(endpoints()), asyncapi.document()):
        text = json.dumps(document)
        for schema in document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for found in _refs(document):
            assert _resolve(document, found), found
        assert "NaN" not in text


def _refs(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _refs(value)]
    if isinstance(node, list):
        return [found for value in node for found in _refs(value)]
    return []


def _resolve(document: Any, ref: str) -> Any:
    node = document
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_every_route_has_a_summary_and_a_unique_id() -> None:
    ids = set()
    for endpoint in endpoints():
        assert endpoint.summary, endpoint.path
        ids.add((endpoint.tag, endpoint.handler.__name__))
    assert len(ids) == len(endpoints())


def test_every_event_is_in_the_document_with_its_streams() -> None:
    document = asyncapi.document()

    for name, kind in CATALOGUE.items():
        assert kind.__doc__, name
        assert kind.nouns, name
        assert name in document["components"]["messages"]
        for noun in kind.nouns:
            assert name in document["channels"][noun]["messages"]


DOCUMENTS = ["/openapi.json", "/asyncapi.json", "/schemas/mapping", "/docs", "/docs/events", "/docs/problems"]


@pytest.mark.parametrize("path", [*DOCUMENTS, "/docs/style.css"])
async def test_what_is_the_same_for_everybody_is_sent_compressed_and_once(http, path):
    """Anybody may ask for these without an account, as often as they like."""
    async with http.get(path, headers={"Accept-Encoding": "identity"}) as response:
        whole, plain = await response.read(), response
    async with http.get(path, headers={"Accept-Encoding": "gzip"}) as response:
        assert await response.read() == whole
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) < len(whole) / 2
    async with http.get(path, headers={"If-None-Match": plain.headers["ETag"]}) as response:
        assert (response.status, await response.read()) == (304, b"")
        if plain.content_type == "text/html":
            assert response.headers["Content-Security-Policy"] == plain.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/docs/events", "/docs/problems"])
async def test_the_pages_load_nothing_from_elsewhere(http: ClientSession, path: str) -> None:
    async with http.get(path) as response:
        text = await response.text()

        assert response.status == 200
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "<script" not in text
    assert "https://" not in text.replace("https, ", "")
    assert 'href="/docs/style.css"' in text


async def test_the_type_of_every_problem_points_to_a_place_on_the_page(http: ClientSession) -> None:
    async with http.get("/docs/problems") as response:
        text = await response.text()

    for kind in problems.ALL.values():
        assert f'id="{kind.code}"' in text
        assert kind.__doc__


async def test_the_served_documents_are_the_committed_ones(http: ClientSession) -> None:
    for name in ("openapi.json", "asyncapi.json"):
        async with http.get(f"/{name}") as response:
            assert await response.json() == json.loads((DOCS / name).read_text(encoding="utf-8"))


async def test_the_schema_of_a_mapping_is_served_and_is_complete(http: ClientSession) -> None:
    async with http.get("/schemas/mapping") as response:
        schema = await response.json(content_type="application/schema+json")

    assert schema == json.loads((DOCS / "mapping.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) == set(Mapping.model_fields)
    texts = json.dumps(schema)
    assert set(re.findall(r'"#/\$defs/(\w+)"', texts)) == set(schema["$defs"])
