"""
Clients that stock tools generate from docs/openapi.json. Every route can be called with what the server requires and no
more, and null can be sent where the server takes it and nowhere else.

What the server requires and takes is asked of the models that read the bodies, not of the document.
"""

import builtins
import copy
import json
import keyword
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from core.clock import now
from core.ids import uuid7
from server.api.endpoint import Endpoint
from server.app import endpoints
from tests.rules.test_access_matrix import BODIES

ROOT = Path(__file__).resolve().parents[2]
TYPESCRIPT = ROOT / "web/node_modules"
PYTHON = ROOT / ".venv-clients/bin"
# Bodies of routes that need no token, and so have no row in the access matrix.
MORE = {
    "POST /auth/login": {"email": "a@example.test", "password": "p"},
    "POST /auth/refresh": {"refresh_token": "t"},
    "POST /auth/logout": {"refresh_token": "t"},
    "POST /auth/google": {"credential": "c"},
    "POST /logs": {"logs": [{"level": "info", "message": "m"}]},
    "POST //api/logs": {"logs": [{"level": "info", "message": "m"}]},
}
# A body of the same route in another form: it lacks what the smallest one has.
_PAIR = dict.fromkeys(("left_source", "right_source"), "00000000-0000-0000-0000-000000000000")
_MANY = {"action": "confirm", "filter": {}, "expected_count": 1}
OTHER = {
    "POST /sources/{}/records": {"records": [{"data": {"amount": "1.00"}}]},
    "POST /jobs/{}/review": _MANY,
    "POST /projects/{}/review": _PAIR | _MANY,
}
QUERIES = {
    "GET /jobs/{}/unmatched": {"side": "left"},
    "GET /jobs/{}/explain": dict.fromkeys(("left", "right"), "00000000-0000-0000-0000-000000000000"),
    **{f"GET /projects/{{}}/{noun}": _PAIR for noun in ("matches", "open-items", "summary", "export")},
    "GET /downloads": {"ticket": "t"},
}
UPLOAD = {"file": "a,b"}  # the form of the only route that takes one; a test of the upload sends the same

needs_typescript = pytest.mark.skipif(
    shutil.which("node") is None or not (TYPESCRIPT / "openapi-typescript").is_dir(),
    reason="no Node.js, or the dashboard's packages are not installed (`make test-long` installs them where Node.js is)",
)
needs_python = pytest.mark.skipif(
    not (PYTHON / "openapi-python-client").is_file(),
    reason="the generator of Python clients is not installed (`make test-long` installs it)",
)
pytestmark = [pytest.mark.acceptance, pytest.mark.long]


def key_of(method: str, path: str) -> str:
    """A route as the access matrix writes it, without the names of its ids."""
    path = path.removeprefix("/api/v1") if path.startswith("/api/v1") else f"/{path}"
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


def filled(value: Any) -> Any:
    """A body of the access matrix, with some id in place of the name of each, and with a time for `{tomorrow}`."""
    tomorrow = (now() + timedelta(days=1)).isoformat()
    text = json.dumps(value).replace("{tomorrow}", tomorrow)
    ids = {name: str(uuid7()) for name in re.findall(r"\{\w+\}", text)}
    return json.loads(re.sub(r"\{\w+\}", lambda found: ids[found[0]], text))


KNOWN = {re.sub(r"\{\w+\}", "{}", row): filled(body) for row, body in (BODIES | MORE).items()}


@dataclass
class Use:
    """A route, and the least that the server takes."""

    endpoint: Endpoint
    operation: dict[str, Any]

    @property
    def id(self) -> str:
        """The operation's id."""
        return str(self.operation["operationId"])

    @property
    def model(self) -> type[BaseModel] | None:
        """What reads a JSON body."""
        return self.endpoint.json_alternative if self.endpoint.multipart else self.endpoint.body

    @cached_property
    def body(self) -> Any:
        """The smallest JSON body, or None if none is needed."""
        if self.model is None or self.endpoint.body_optional:
            return None
        return self._least(KNOWN[key_of(self.endpoint.method, self.endpoint.path)])

    def _least(self, body: dict[str, Any]) -> dict[str, Any]:
        assert self.takes(body), (self.id, body)
        for name in body:
            rest = {other: value for other, value in body.items() if other != name}
            if self.takes(rest):
                return self._least(rest)
        return body

    def takes(self, body: Any) -> bool:
        """Whether the server takes a body."""
        assert self.model is not None
        try:
            self.model.model_validate_json(json.dumps(body))
        except ValidationError:
            return False
        return True

    def nulls(self) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Each field of the body, a body in which it is null, and whether the server takes that."""
        forms = [self.body or {}, OTHER.get(key_of(self.endpoint.method, self.endpoint.path), self.body or {})]
        for name, field in self.model.model_fields.items() if self.model else ():
            wire = field.alias or name
            bodies = [form | {wire: None} for form in forms]
            taken = next((body for body in bodies if self.takes(body)), None)
            yield wire, taken or bodies[0], taken is not None

    @property
    def query(self) -> dict[str, Any]:
        """The query parameters that cannot be left out."""
        found = QUERIES.get(key_of(self.endpoint.method, self.endpoint.path), {})
        if self.endpoint.query is not None:
            TypeAdapter(self.endpoint.query).validate_strings(found)
        return found

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return re.findall(r"\{(\w+)\}", self.endpoint.path)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that cannot be left out."""
        return {"If-Match": '"1"'} if self.endpoint.if_match else {}


def uses_of(document: dict[str, Any]) -> list[Use]:
    """A use of every route."""
    return [Use(endpoint, document["paths"][endpoint.path][endpoint.method.lower()]) for endpoint in endpoints()]


def add_faults(document: dict[str, Any]) -> list[Use]:
    """Adds two routes whose documents are wrong: a field is required, and another may be null. Returns: uses of them."""
    schemas, uses = document["components"]["schemas"], []
    for use in uses_of(document):
        if use.id not in ("projects.create_project", "projects.update_project"):
            continue
        operation = copy.deepcopy(use.operation) | {"operationId": use.id.replace(".", ".faulty_")}
        content = operation["requestBody"]["content"]["application/json"]
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        schema = schemas[f"Faulty{name}"] = copy.deepcopy(schemas[name]) | {"title": f"Faulty{name}"}
        content["schema"] = {"$ref": f"#/components/schemas/Faulty{name}"}
        if name == "ProjectCreate":
            schema["required"].append("description")
        else:
            schema["properties"]["name"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        path = use.endpoint.path.replace("projects", "faulty")
        document["paths"].setdefault(path, {})[use.endpoint.method.lower()] = operation
        uses.append(Use(use.endpoint, operation))
    return uses


def in_typescript(uses: list[Use]) -> str:
    """A module that calls every operation, to be compiled and not run."""
    lines = [
        'import type { operations } from "./rest";',
        'type Request<K extends keyof operations> = Pick<operations[K], "parameters" | "requestBody">;',
        "type Body<K extends keyof operations> =",
        '  operations[K] extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;',
    ]
    for number, use in enumerate(uses):
        parts = {"query": use.query, "header": use.headers, "path": {name: str(uuid7()) for name in use.ids}}
        request: dict[str, Any] = {"parameters": {name: part for name, part in parts.items() if part}}
        if use.body is not None:
            content = {"application/json": use.body} | (
                {"multipart/form-data": UPLOAD} if use.endpoint.multipart else {}
            )
            request["requestBody"] = {"content": content}
        lines.append(f"export const use{number}: Request<{json.dumps(use.id)}> = {json.dumps(request)};")
        for name, body, is_taken in use.nulls():
            if not is_taken:
                lines.append("// @ts-expect-error -- the server refuses null")
            lines.append(f"export const null{number}_{name}: Body<{json.dumps(use.id)}> = {json.dumps(body)};")
    return "\n".join(lines) + "\n"


def faults_in_typescript(document: dict[str, Any], folder: Path) -> str:
    """Generates a client, and compiles a use of it. Returns: the compiler's complaints."""
    (folder / "use.ts").write_text(in_typescript(uses_of(document)))
    (folder / "faulty.ts").write_text(in_typescript(add_faults(document)))
    (folder / "openapi.json").write_text(json.dumps(document))
    options = {"strict": True, "noEmit": True, "target": "ES2022", "lib": ["ES2022"], "types": []}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["use.ts", "faulty.ts"]}))
    generator = TYPESCRIPT / "openapi-typescript/bin/cli.js"
    done("node", str(generator), "openapi.json", "--output", "rest.d.ts", folder=folder)
    return done("node", str(TYPESCRIPT / "typescript/bin/tsc"), folder=folder, may_fail=True)


def in_python(document: dict[str, Any], uses: list[Use]) -> str:
    """A module that calls every function, to be checked and not run. Only what is present counts, so all values are `a`."""
    imports, calls = set[str](), []
    for use in uses:
        module = use.id.replace(".", "_")
        imports.add(f"from client.api.{use.endpoint.tag} import {module}")
        arguments = ["a" for _ in use.ids] + ["client=client"]
        arguments += [f"{python_name(name)}=a" for name in (*use.query, *use.headers)]
        if use.model is None:
            calls.append(f"{module}.sync_detailed({', '.join(arguments)})")
            continue
        schema = use.operation["requestBody"]["content"]["application/json"]["schema"]
        body = [] if use.body is None else [f"body={constructed(document, schema, use.body, imports)}"]
        calls.append(f"{module}.sync_detailed({', '.join(arguments + body)})")
        for _, with_null, is_taken in use.nulls():
            call = constructed(document, schema, with_null, imports)
            calls.append(call if is_taken or call == "a" else f"{call}  # type: ignore[arg-type]")
    head = ["from typing import Any", "from client import AuthenticatedClient", *sorted(imports)]
    return (
        "\n".join([*head, "def use(client: AuthenticatedClient, a: Any) -> None:", *(f"    {x}" for x in calls)]) + "\n"
    )


def constructed(document: dict[str, Any], schema: dict[str, Any], value: Any, imports: set[str]) -> str:
    """A call of the class that the generator makes of a schema; `a` for what is not an object with fields."""
    if value is None:
        return "None"
    if isinstance(value, list):
        return "[" + ", ".join(constructed(document, schema.get("items", {}), item, imports) for item in value) + "]"
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    properties = document["components"]["schemas"].get(name, {}).get("properties")
    if not isinstance(value, dict) or not properties:
        return "a"
    imports.add(f"from client.models import {name}")
    fields = (
        f"{python_name(key)}={constructed(document, properties.get(key, {}), part, imports)}"
        for key, part in value.items()
    )
    return f"{name}({', '.join(fields)})"


def python_name(name: str) -> str:
    """A field's or header's name as the generator writes it."""
    found = name.lower().replace("-", "_")
    is_reserved = keyword.iskeyword(found) or (found in dir(builtins) and found != "id")
    return f"{found}_" if is_reserved else found


def faults_in_python(document: dict[str, Any], folder: Path) -> str:
    """Generates a client, and checks the types of a use of it. Returns: mypy's complaints."""
    (folder / "use.py").write_text(in_python(document, uses_of(document)))
    faulty = add_faults(document)
    (folder / "faulty.py").write_text(in_python(document, faulty))
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "config.yml").write_text("post_hooks: []\n")  # nobody reads it, so it need not be formatted
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\nfollow_imports = silent\n")
    generator = str(PYTHON / "openapi-python-client")
    options = ("--meta", "none", "--output-path", "client", "--config", "config.yml", "--fail-on-warning")
    done(generator, "generate", "--path", "openapi.json", *options, folder=folder)
    mypy = (sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--python-executable", str(PYTHON / "python"))
    return done(*mypy, "--cache-dir", "cache", "use.py", "faulty.py", folder=folder, may_fail=True)


def done(*command: str, folder: Path, may_fail: bool = False) -> str:
    """Runs a command. Returns: what it says."""
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    assert may_fail or found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr if found.returncode else ""


@pytest.fixture
def document() -> dict[str, Any]:
    """The document in the repository."""
    return dict(json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8")))


@needs_typescript
def test_a_typescript_client_can_call_every_route(document: dict[str, Any], tmp_path: Path) -> None:
    said = faults_in_typescript(document, tmp_path)

    found = re.findall(r"^([\w.]+)\(.*error (TS\d+)", said, re.MULTILINE)
    # Where the document is wrong, a property is missing, and an error that is expected does not come.
    assert set(found) == {("faulty.ts", "TS2741"), ("faulty.ts", "TS2578")}, said


@needs_python
def test_a_python_client_can_call_every_route(document: dict[str, Any], tmp_path: Path) -> None:
    said = faults_in_python(document, tmp_path)

    found = re.findall(r"^([\w./]+):.* error: .*\[([\w-]+)\]$", said, re.MULTILINE)
    assert set(found) == {("faulty.py", "call-arg"), ("faulty.py", "unused-ignore")}, said
