"""The forms of a native answer: `{"data": …}`, with `pagination` for lists (vendors.md 3.4)."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from mailwright.services.paging import Paged

Shape = TypeVar("Shape")

_FORM = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


class Data(BaseModel, Generic[Shape]):
    """One thing."""

    data: Shape


class Pagination(BaseModel):
    """Which page this is, of how many rows in all."""

    current_page: int
    per_page: int
    total: int


class DataPage(BaseModel, Generic[Shape]):
    """One page of things."""

    data: list[Shape]
    pagination: Pagination


def json_response(content: object, status: int = 200) -> Response:
    """`content` as JSON: dataclasses, UUIDs and times (UTC, with Z) included."""
    body = orjson.dumps(content, default=_plain, option=_FORM)
    return Response(body, status, media_type="application/json")


def one(view: object, status: int = 200) -> Response:
    """`{"data": view}`."""
    return json_response({"data": view}, status)


def many(paged: Paged[Any]) -> Response:
    """`{"data": [...], "pagination": {...}}`."""
    return json_response(
        {
            "data": paged.items,
            "pagination": {
                "current_page": paged.page.number,
                "per_page": paged.page.per_page,
                "total": paged.total,
            },
        }
    )


def _plain(value: object) -> str:
    """asyncpg's UUID is a subclass, which orjson leaves to us."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def nothing() -> Response:
    """204: done, and there is nothing to say."""
    return Response(status_code=204)
