"""The API's own description: `/api/v1/openapi.json`, which `/docs` shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mailwright.api.problems import errors

_METHODS = {"get", "post", "put", "patch", "delete"}


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
        servers=[{"url": "/api/v1"}],
    )
    for path, operation in _operations(found):
        operation["summary"] = _first_sentence(operation.get("description", ""))
        if "{" in path:
            operation["responses"].setdefault("404", _not_found())
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield path, operation


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def _not_found() -> dict[str, Any]:
    answer = errors("RESOURCE_NOT_FOUND")[404]
    schema = {"$ref": "#/components/schemas/ProblemAnswer"}
    content = {**answer["content"]["application/json"], "schema": schema}
    return {"description": answer["description"], "content": {"application/json": content}}
