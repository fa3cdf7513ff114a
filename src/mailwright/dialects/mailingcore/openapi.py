"""The dialect's own description: `/mailingcore/openapi.json`."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mailwright.dialects.mailingcore.shapes import ErrorShape

_MEANINGS = {
    400: "A field is wrong, and `message` names it, or the body is not JSON.",
    401: "No valid key.",
    403: "The key lacks the scope that `message` names, or `X-Tenant-Id` is another's.",
    404: "No such thing in this tenant.",
    409: "Not in this state.",
    422: "A rule of the business: something is missing before this can be done.",
    429: "Too many calls; `Retry-After` says when to come back.",
}

#: What any call may be answered.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorShape, "description": meaning} for status, meaning in _MEANINGS.items()
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
        servers=[{"url": "/mailingcore"}],
    )
    for methods in found["paths"].values():
        for operation in methods.values():
            first = " ".join(operation.get("description", "").split()).split(". ")[0]
            operation["summary"] = first.rstrip(".")
    return found
