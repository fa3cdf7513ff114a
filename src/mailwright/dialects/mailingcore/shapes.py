"""The forms of MailingCore's answers: camelCase, milliseconds and `Z`, `{data, meta}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from mailwright.services.paging import Page


def moment(time: datetime) -> str:
    """ISO 8601 in UTC as JavaScript writes it: `2026-07-01T09:00:00.000Z` (seed 002)."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(moment, return_type=str)]


class Shape(BaseModel):
    """Something answered. Python's names become MailingCore's in JSON."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


Item = TypeVar("Item", bound=Shape)


class Meta(Shape):
    """Which page this is. `next_cursor`: for lists that can be read on with `cursor`."""

    page: int
    limit: int
    total: int
    total_pages: int
    next_cursor: str | None = None


class DataPage(Shape, Generic[Item]):
    """One page of things."""

    data: list[Item]
    meta: Meta


class ErrorShape(Shape):
    """The form of every error; `message` names the field where one is wrong."""

    status_code: int
    message: str
    path: str
    timestamp: Moment


class QuotaShape(Shape):
    """How much of the month is used."""

    limit: int | None
    used: int
    percentage: float | None


class QuotaErrorShape(ErrorShape):
    """The error of a month that is used up."""

    quota: QuotaShape


def one(shape: Shape, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The thing itself, in no envelope."""
    return _json(shape.model_dump_json(by_alias=True), status, headers)


def bare(shapes: Sequence[Shape]) -> Response:
    """A bare array."""
    return _json(f"[{','.join(shape.model_dump_json(by_alias=True) for shape in shapes)}]", 200)


def many(
    shapes: Sequence[Shape], page: Page, total: int, *, next_cursor: str | None = None
) -> Response:
    """`{"data": [...], "meta": {...}}`."""
    meta = Meta(
        page=page.number,
        limit=page.per_page,
        total=total,
        total_pages=-(-total // page.per_page),
        next_cursor=next_cursor,
    )
    data = ",".join(shape.model_dump_json(by_alias=True) for shape in shapes)
    told = meta.model_dump_json(by_alias=True, exclude_none=True)
    return _json(f'{{"data":[{data}],"meta":{told}}}', 200)


def nothing() -> Response:
    """204: done, and there is nothing to say."""
    return Response(status_code=204)


def _json(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, dict(headers or {}), media_type="application/json")
