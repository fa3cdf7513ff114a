"""The forms of a native answer: `{"data": …}`, with `pagination` for lists (vendors.md 3.4)."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from mailwright.services.cursors import Cursored
from mailwright.services.paging import Page, Paged

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


class Place(BaseModel):
    """Which part of a set this is. `next_cursor`: give it as `cursor` to read on; null at the end.

    Nobody counts the whole, so that a page of millions costs what one of ten does.
    """

    current_page: int
    per_page: int
    has_more: bool
    next_cursor: str | None


class OnePage(BaseModel, Generic[Shape]):
    """One page of a set that grows without bound."""

    data: list[Shape]
    pagination: Place


def paged(found: Cursored[Any], page: Page) -> Response:
    """`{"data": [...], "pagination": {...}}` without a total."""
    return json_response(
        {
            "data": found.items,
            "pagination": {
                "current_page": page.number,
                "per_page": page.per_page,
                "has_more": found.next_cursor is not None,
                "next_cursor": found.next_cursor,
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
