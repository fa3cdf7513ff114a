"""How a dialect describes itself: the document at `/openapi.json` below its mount."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi


def install(api: FastAPI, mount: str) -> None:
    """Gives `api` a document whose summaries are the first sentences of its routes' docstrings."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _document(api, mount)
        return api.openapi_schema

    api.openapi = document  # FastAPI's own way to replace the document


def _document(api: FastAPI, mount: str) -> dict[str, Any]:
    found = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": mount}],
    )
    for methods in found["paths"].values():
        for operation in methods.values():
            first = " ".join(operation.get("description", "").split()).split(". ")[0]
            operation["summary"] = first.rstrip(".")
    return found
