"""Every route of the native API, read from its own OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

_DOCUMENTS: list[dict[str, Any]] = []
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `body`: its example, None where it takes none in JSON."""

    method: str
    path: str
    body: dict[str, Any] | None
    operation: dict[str, Any]

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)

    def url(self, **values: object) -> str:
        """The path with its names filled in."""
        return _PARAMETER.sub(lambda found: str(values[found[1]]), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def every_route(application: FastAPI) -> Iterator[Route]:
    """All operations of the document."""
    document = _document(application)
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield Route(method.upper(), path, _example(operation, schemas), operation)


def _document(application: FastAPI) -> dict[str, Any]:
    """Every application has the same; making it takes a second."""
    if not _DOCUMENTS:
        _DOCUMENTS.append(application.openapi())
    return _DOCUMENTS[0]


def _example(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    reference = content["schema"].get("$ref", "").rpartition("/")[2]
    examples = schemas.get(reference, {}).get("examples", [])
    return examples[0] if examples else {}
