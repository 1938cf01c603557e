"""OpenAPI 3.1, built from the route declarations."""

import re
import typing
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from core import problems
from core.api_token import PATTERN
from core.problems import Problem
from models.scope import SCOPES
from server import VERSION
from server.api.endpoint import Endpoint

REF = "#/components/schemas/{model}"
_ID = {"type": "string", "format": "uuid"}
_ALWAYS = (problems.Invalid, problems.Unavailable, problems.Busy)
_TOKEN = (problems.Unauthenticated, problems.TokenInvalid, problems.TokenExpired, problems.TokenRevoked)
_BODY = (problems.InvalidJson, problems.TooLarge, problems.UnsupportedMediaType)
_COMPONENT_HEADERS = {
    "X-Request-ID": {
        "description": "Identifies the request in logs, the audit log and events.",
        "schema": {"type": "string"},
    },
    "Stream-Position": {
        "description": "The last event of the stream that the body includes; apply only later ones.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer", "minimum": 1}},
    "Stream-Epoch": {"description": "The stream's epoch, for `subscribe`.", "schema": {"type": "string"}},
}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-ID", *names)}


def document(endpoints: list[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of the routes."""
    models = _models(endpoints)
    names, definitions = models_json_schema(list(models), ref_template=REF, schema_generator=GenerateJsonSchema)
    schemas = dict(definitions.get("$defs", {}))
    schemas = without_defaults(schemas)
    schemas["Problem"] = _problem_schema()
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in sorted(endpoints, key=lambda e: (e.path, e.method)):
        operation = _operation(endpoint, names)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tallyroom",
            "version": VERSION,
            "description": "Reconcile two sets of records together, live. Live events: /docs/events.",
            "contact": {"name": "Tallyroom"},
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": [{"name": tag, "description": _TAGS[tag]} for tag in sorted({endpoint.tag for endpoint in endpoints})],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": dict(
                sorted(
                    {
                        _response_name(kinds): _problem_response(kinds)
                        for endpoint in endpoints
                        for kinds in _problems(endpoint).values()
                    }.items()
                )
            ),
            "headers": _COMPONENT_HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


def without_defaults(schema: Any) -> Any:
    """
    The schema without defaults. Client generators assume that a field with a default is always present, and would
    require it in requests.
    """
    if isinstance(schema, list):
        return [without_defaults(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: without_defaults(described) for field, described in value.items()}
        if name == "properties"
        else without_defaults(value)
        for name, value in schema.items()
        if name != "default"
    }


def _models(endpoints: list[Endpoint]) -> dict[tuple[type[BaseModel], JsonSchemaMode], None]:
    found: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for endpoint in endpoints:
        if endpoint.body is not None:
            found[endpoint.body, "validation"] = None
        if endpoint.multipart and endpoint.json_alternative is not None:
            found[endpoint.json_alternative, "validation"] = None
        for answer in endpoint.answers.values():
            for model in _views(answer):
                found[model, "serialization"] = None
    return found


def _views(answer: Any) -> tuple[type[BaseModel], ...]:
    """The models of a response: one, or those of a union."""
    if isinstance(answer, type) and not typing.get_args(answer):
        return (answer,) if issubclass(answer, BaseModel) else ()
    return typing.get_args(answer)


def _operation(endpoint: Endpoint, names: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__
        if endpoint.tag == ""
        else f"{endpoint.tag}.{endpoint.handler.__name__}",
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint, names),
        "security": _security(endpoint),
    }
    if endpoint.body is not None:
        schema = names[endpoint.body, "validation"]
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": {"schema": schema}},
        }
    if endpoint.multipart:
        content: dict[str, Any] = {"multipart/form-data": {"schema": endpoint.multipart_schema}}
        if endpoint.json_alternative is not None:
            content["application/json"] = {"schema": names[endpoint.json_alternative, "validation"]}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """The tokens that a route takes: none, an access token, or an API token as well, whose scope the description names."""
    if endpoint.public:
        return []
    return [{"token": []}, {"api_token": []}] if endpoint.scope else [{"token": []}]


def _description(endpoint: Endpoint) -> str:
    """The rest of the handler's docstring, and what callers must send or may rely on."""
    _, _, more = (endpoint.handler.__doc__ or "").strip().partition("\n")
    said = [" ".join(more.split())] if more.strip() else []
    scope = f" or an API token with the scope `{endpoint.scope}`" if endpoint.scope else ""
    said.append("Needs no token." if endpoint.public else f"Needs an access token{scope}.")
    if endpoint.if_match:
        said.append("Send the version that you read in `If-Match`.")
    if endpoint.stream_position:
        said.append("`Stream-Position` and `Stream-Epoch` name the last event that the body includes.")
    return " ".join(said)


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _ID}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    if endpoint.query is not None:
        schema = TypeAdapter(endpoint.query).json_schema(ref_template=REF)
        for name, described in schema.get("properties", {}).items():
            required = name in schema.get("required", [])
            found.append({"name": name, "in": "query", "required": required, "schema": _without_null(described)})
    if endpoint.if_match:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "The version that you read, in quotes.",
                "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
            }
        )
    if endpoint.method == "POST" and endpoint.stores_answer:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key with the same body gets the same response for 24 hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
            }
        )
    if endpoint.gives_tokens:
        found.append(
            {
                "name": "X-Client",
                "in": "header",
                "required": False,
                "description": "Programs send `api`. Then the refresh token is in the body and no cookie is set. "
                "POST it to /api/v1/auth/refresh with the same header before the access token expires.",
                "schema": {"type": "string", "enum": ["api"]},
            }
        )
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """
    The schema without null: a query parameter is either absent or has a value, and a URL has no way to write `null`.
    """
    described = {key: value for key, value in schema.items() if key not in ("title", "anyOf", "default")}
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        described |= options[0]
    elif options:
        described["anyOf"] = options
    if schema.get("default") is not None:
        described["default"] = schema["default"]
    return described


def _responses(endpoint: Endpoint, names: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, answer in sorted(endpoint.answers.items()):
        headers = _headers(*(("Stream-Position", "Stream-Epoch") if endpoint.stream_position else ()))
        described: dict[str, Any] = {"description": _PHRASES[status], "headers": headers}
        if answer is str:
            described["content"] = {endpoint.media_type: {"schema": {"type": "string"}}}
        elif answer is bytes:
            types = endpoint.media_types or (endpoint.media_type,)
            described["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}
        elif answer is dict:
            described["content"] = {endpoint.media_type: {"schema": {"type": "object"}}}
        elif answer is not None:
            options = [names[model, "serialization"] for model in _views(answer)]
            schema = options[0] if len(options) == 1 else {"anyOf": options}
            described["content"] = {endpoint.media_type: {"schema": schema}}
        found[str(status)] = described
    for status, kinds in sorted(_problems(endpoint).items()):
        if str(status) in found:  # the route has its own response with this status besides the problems
            found[str(status)]["content"] |= _problem_response(kinds)["content"]
        else:
            found[str(status)] = {"$ref": f"#/components/responses/{_response_name(kinds)}"}
    return found


def _response_name(kinds: list[type[Problem]]) -> str:
    return ".".join(sorted(kind.code for kind in kinds))


def _problem_response(kinds: list[type[Problem]]) -> dict[str, Any]:
    return {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "headers": _headers(*(("Retry-After",) if kinds[0].status in (429, 503) else ())),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _problems(endpoint: Endpoint) -> dict[int, list[type[Problem]]]:
    kinds: list[type[Problem]] = [*_ALWAYS, *endpoint.problems]
    if not endpoint.public:
        kinds += [*_TOKEN]
        kinds.append(problems.Forbidden)  # for API tokens, if for nobody else
        if not endpoint.password_expired_ok:
            kinds.append(problems.PasswordExpired)
    if "{" in endpoint.path:
        kinds.append(problems.NotFound)
    # A route without a body also refuses one.
    kinds += list(_BODY) if endpoint.body is not None or endpoint.multipart else [problems.TooLarge]
    if endpoint.if_match:
        kinds += [problems.PreconditionRequired, problems.VersionConflict]
    if endpoint.method == "POST" and endpoint.stores_answer and not endpoint.public:
        kinds.append(problems.IdempotencyInProgress)
    if endpoint.method != "GET":
        kinds.append(problems.StorageFull)
    found: dict[int, list[type[Problem]]] = {}
    for kind in kinds:
        same = found.setdefault(kind.status, [])
        if kind not in same:
            same.append(kind)
    return found


def _problem_schema() -> dict[str, Any]:
    codes = sorted({kind.code for kind in problems.ALL.values()} | set(problems.FAULT_CODES))
    return {
        "type": "object",
        "title": "Problem",
        "description": "What went wrong (RFC 9457). /docs/problems lists every code.",
        "required": ["type", "title", "status", "code", "detail", "request_id", "errors"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": codes},
            "detail": {"type": "string"},
            "request_id": {"type": ["string", "null"]},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "message"],
                    "properties": {
                        "pointer": {"type": "string"},
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                    },
                },
            },
        },
    }


_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token from POST /api/v1/auth/login. It lasts 15 minutes.",
    },
    "api_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": PATTERN,
        "description": "An API token from POST /api/v1/me/api-tokens, for programs. It does what its owner may do, cut down to "
        f"its scopes ({', '.join(SCOPES)}), projects, vaults and networks. The description of each operation names the scope it needs.",
    },
}
_TAGS = {
    "audit": "Who did what, and whether the log was tampered with.",
    "auth": "Signing in, tokens, sessions and passwords.",
    "docs": "The API documents.",
    "exports": "What a job matched and left open, as a file.",
    "health": "The state of the server.",
    "jobs": "Reconciliations of two sources by a plan.",
    "logs": "Log lines of clients.",
    "matches": "What a job matched and left open, and decisions on it.",
    "plans": "Rules for comparing records.",
    "projects": "Projects and their members.",
    "records": "The rows of a source.",
    "sources": "Files, their columns and their mapping.",
    "streams": "Events for programs without a socket. For the same over Socket.IO, see the AsyncAPI document.",
    "users": "Accounts.",
    "vaults": "Vaults, their members and their entries.",
}
_PHRASES = {
    200: "Done.",
    201: "Made.",
    202: "Accepted.",
    204: "Done; there is no body.",
    302: "Elsewhere.",
    503: "Unhealthy.",
}
