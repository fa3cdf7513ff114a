"""Cakemail's own OpenAPI document, to hold answers against it.

`assert_valid("GET", "/lists", 200, body)` fails with every place where the body is not as the
document says. Fields that the document does not know are allowed; any other difference must be
named in `DEVIATIONS` with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

#: Where an answer differs, and what demands it: by operation (or `*`) and place in the body, in
#: which `*` is any index.
DEVIATIONS: Mapping[tuple[str, str], str] = {
    ("POST /campaigns", "data.status"): "Seed 000: a new campaign is `draft`.",
    ("GET /campaigns", "data.*.status"): "Seed 000 says `draft`; failed and canceled are told.",
    ("GET /campaigns/{campaign_id}", "data.status"): "Seed 000; failed and canceled are told.",
    ("GET /v2/emails/{email_id}", "status"): "Seed 001: opened, clicked, bounced, complained.",
    ("PATCH /campaigns/{campaign_id}", "data.status"): "Seed 000: what is edited is `draft`.",
}

#: Codes that any operation may answer though the document names them for few or none.
ANYWHERE: Mapping[int, str] = {
    401: "HTTPUnauthorizedError",
    403: "HTTPForbiddenError",
    404: "HTTPBadRequestError",
    405: "HTTPBadRequestError",
    413: "HTTPBadRequestError",
    429: "HTTPBadRequestError",
    501: "HTTPBadRequestError",
    503: "HTTPBadRequestError",
}

_FILE = Path(__file__).with_name("openapi.json")
_METHODS = ("get", "post", "put", "patch", "delete")


@cache
def document() -> dict[str, Any]:
    """The document."""
    return cast("dict[str, Any]", json.loads(_FILE.read_text(encoding="utf-8")))


def operations() -> list[str]:
    """Every operation, `GET /lists/{list_id}`."""
    return [
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in _METHODS
        if method in methods
    ]


def assert_valid(method: str, path_template: str, status: int, body: object) -> None:
    """Fails when the document has no such operation, or would not have this answer of it."""
    operation = f"{method.upper()} {path_template}"
    assert operation in operations(), f"The document has no {operation}."
    reference = _schema_of(method.lower(), path_template, status)
    assert reference is not None, f"{operation} never answers {status}."
    found = [error for error in _errors(reference, body) if not _named(operation, error)]
    assert not found, _told(operation, status, found)


def assert_answer(path_template: str, answer: httpx2.Response, status: int = 200) -> Any:
    """The JSON body, once the status and the form were checked."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert_valid(answer.request.method, path_template, status, body)
    if status >= 400:
        assert isinstance(body["message"], str)
        assert body["message"]
    return body


def is_operation(method: str, path: str, operation: str) -> bool:
    """Whether a call's method and path (below the mount) are this operation."""
    wanted, _, template = operation.partition(" ")
    return method == wanted and re.fullmatch(_pattern(template), path) is not None


@cache
def _pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))


def _schema_of(method: str, path: str, status: int) -> str | None:
    """The JSON pointer of an answer's schema within the document."""
    responses = document()["paths"][path][method]["responses"]
    if str(status) not in responses:
        name = ANYWHERE.get(status)
        return f"#/components/schemas/{name}" if name else None
    pointer = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return f"#/paths/{pointer}/{method}/responses/{status}/content/application~1json/schema"


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({**document(), "$ref": reference})


def _errors(reference: str, body: Any) -> Iterable[ValidationError]:
    return _validator(reference).iter_errors(body)  # pyright: ignore[reportUnknownMemberType]


def _named(operation: str, error: ValidationError) -> bool:
    place = _place(error)
    return (operation, place) in DEVIATIONS or ("*", place) in DEVIATIONS


def _place(error: ValidationError) -> str:
    return ".".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path)


def _told(operation: str, status: int, found: list[ValidationError]) -> str:
    lines = [f"{_place(error) or 'the body'}: {error.message}" for error in found]
    return "\n".join([f"{operation} answered {status} with", *lines])
