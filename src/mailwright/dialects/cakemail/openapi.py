"""The dialect's own description: `/cakemail/openapi.json`."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mailwright.dialects.cakemail.shapes import Shape


class Problem(Shape):
    """The form of every error."""

    detail: list[dict[str, Any]]
    message: str


_MEANINGS = {
    400: "Something is wrong, missing or not in the right state; or an unknown campaign.",
    401: "No valid token or key.",
    403: "The token or key may not do that.",
    404: "No such thing in this account.",
    422: "A field is wrong, and `detail` names it.",
    429: "Too many calls; `Retry-After` says when to come back.",
}

#: What any call may be answered.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": meaning} for status, meaning in _MEANINGS.items()
}


def install(api: FastAPI) -> None:
    """Gives `api` a document whose summaries are the first sentences of its routes' docstrings."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _document(api)
        return api.openapi_schema

    api.openapi = document  # FastAPI's own way to replace the document


def _document(api: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": "/cakemail"}],
    )
    for methods in found["paths"].values():
        for operation in methods.values():
            first = " ".join(operation.get("description", "").split()).split(". ")[0]
            operation["summary"] = first.rstrip(".")
    return found
