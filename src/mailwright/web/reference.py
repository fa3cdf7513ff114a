"""The API reference at `/docs`: a page made on the server from the OpenAPI document itself.

No script, nothing fetched from elsewhere, so it works offline and under the strict policy.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

Schema = Mapping[str, Any]

_pages = Environment(
    loader=PackageLoader("mailwright.web"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)

_CODE = re.compile(r"`([^`]+)`")


def _with_code(text: str) -> Markup:
    """`text` escaped, with what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


_pages.filters["code"] = _with_code

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_METHODS = ("get", "post", "put", "patch", "delete")
_DEPTH_MAX = 4  # how deep an example is made up; deeper is "…"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: Sequence[Field]
    body: Sequence[Field]
    curl: str
    answers: Sequence[tuple[str, str]]
    example: str


def reference_route(document: Callable[[], Schema], *, root: str) -> Route:
    """`/docs`; the page is made once, when it is first asked for."""

    @functools.cache
    def page() -> str:
        return render_reference(document(), root=root)

    async def show(_: Request) -> Response:
        return HTMLResponse(page(), headers=_HEADERS)

    return Route("/docs", show)


def render_reference(document: Schema, *, root: str) -> str:
    """The page for `document`, whose paths are below `root` (such as `/api/v1`)."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_read(document, root + path, method, operation))
    return _pages.get_template("reference.html").render(
        title=document["info"]["title"],
        version=document["info"]["version"],
        introduction=document["info"].get("description", ""),
        groups=groups,
        root=root,
    )


def _read(document: Schema, path: str, method: str, operation: Schema) -> Operation:
    body_schema = _body_schema(document, operation)
    return Operation(
        anchor=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=[_parameter(found) for found in operation.get("parameters", ())],
        body=_fields(document, body_schema),
        curl=_curl(document, path, method, body_schema),
        answers=[
            (status, answer.get("description", ""))
            for status, answer in sorted(operation.get("responses", {}).items())
        ],
        example=_answer_example(document, operation),
    )


def _parameter(found: Schema) -> Field:
    return Field(
        found["name"],
        f"{_kind(found.get('schema', {}))}, in {found['in']}",
        found.get("required", False),
        found.get("description", ""),
    )


def _body_schema(document: Schema, operation: Schema) -> Schema:
    content = operation.get("requestBody", {}).get("content", {})
    return _resolved(document, content.get("application/json", {}).get("schema", {}))


def _resolved(document: Schema, schema: Schema) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return document["components"]["schemas"][name]
    return schema


def _fields(document: Schema, schema: Schema) -> list[Field]:
    required = set(schema.get("required", ()))
    return [
        Field(
            name, _kind(field), name in required, _resolved(document, field).get("description", "")
        )
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    kind = str(schema.get("format") or schema.get("type") or "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limit = schema.get("maxLength")
    return f"{kind} ≤ {limit}" if limit else kind


def _curl(document: Schema, path: str, method: str, body: Schema) -> str:
    lines = [f'curl "$ROOT{path}"']
    if method != "get":
        lines[0] = f'curl -X {method.upper()} "$ROOT{path}"'
    lines.append('-H "Authorization: Bearer $KEY"')
    if body:
        example = _example(document, body)
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d '{json.dumps(example, ensure_ascii=False)}'")
    return " \\\n  ".join(lines)


def _answer_example(document: Schema, operation: Schema) -> str:
    for status in ("200", "201", "202"):
        answer = operation.get("responses", {}).get(status, {})
        content = answer.get("content", {}).get("application/json", {})
        if content.get("schema"):
            example = content.get("example") or _example(document, content["schema"])
            return json.dumps(example, indent=2, ensure_ascii=False)
    return ""


_BY_FORMAT = {
    "uuid": "0192f0c1-7d2e-7c3a-9b1e-2f4a5d6c7b8a",
    "date-time": "2026-07-01T09:00:00Z",
    "email": "ada@example.com",
}
_BY_TYPE: dict[str, Any] = {
    "string": "…",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def _example(document: Schema, schema: Schema, depth: int = 0) -> Any:
    """The schema's own example, or one made of its fields."""
    schema = _resolved(document, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    if "enum" in schema:
        return schema["enum"][0]
    if depth >= _DEPTH_MAX:
        return "…"
    if schema.get("type") == "array":
        return [_example(document, schema.get("items", {}), depth + 1)]
    if "properties" in schema:
        return {
            name: _example(document, field, depth + 1)
            for name, field in schema["properties"].items()
        }
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", ""), {}))
