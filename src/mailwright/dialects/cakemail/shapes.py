"""The forms of Cakemail's answers: Unix seconds, nothing null, an envelope around `data`.

The envelopes serve three readers at once (vendors.md 4.2): the document's (`{id, object, created,
data}`), the seeds' and the vendor's program's, which look for `id`, `name` and `status` on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, PlainSerializer
from pydantic_core import to_json
from starlette.responses import Response

from mailwright.dialects.cakemail.paging import Asked


def unix(time: datetime) -> int:
    """Seconds since 1970."""
    return int(time.timestamp())


#: A time in an answer.
Unix = Annotated[datetime, PlainSerializer(unix, return_type=int)]

#: A number that Cakemail writes as a text of digits: of senders, accounts, users, webhooks.
Digits = Annotated[int, PlainSerializer(str, return_type=str)]

#: What of a thing also stands beside `data`, for readers of the seeds.
ON_TOP = ("id", "campaign_id", "name", "status")


class Shape(BaseModel):
    """Something answered. What is None is left out: the document knows no null."""


Item = TypeVar("Item", bound=Shape)


class Cursor(Shape):
    """Where to read on, and back."""

    previous: str | None = None
    next: str | None = None


class Pagination(Shape):
    """Which page this is. `count`: how many there are in all, where `with_count` asked for it."""

    page: int
    per_page: int
    count: int | None = None
    cursor: Cursor | None = None


class Data(Shape, Generic[Item]):
    """One thing."""

    data: Item


class DataPage(Shape, Generic[Item]):
    """One page of things."""

    pagination: Pagination
    data: list[Item]


class Made(Shape, Generic[Item]):
    """A thing just created."""

    id: int | str
    object: str
    created: bool = True
    data: Item


class Changed(Shape, Generic[Item]):
    """A thing just changed."""

    id: int | str
    object: str
    updated: bool = True
    data: Item


class Done(Shape):
    """Something was done to the thing; a word says what: `deleted`, `archived`, `scheduled`."""

    id: int | str
    object: str


def one(shape: Shape, **more: object) -> Response:
    """`{"data": …}`, with `id`, `name` and `status` on top, and whatever `more` stands there."""
    data = plain(shape)
    return answer({**_on_top(data), **more, "data": data})


def many(
    shapes: Sequence[Shape], asked: Asked, total: int | None = None, *, cursor: Cursor | None = None
) -> Response:
    """`{"pagination": …, "data": […]}`; `total` is told where the caller asked for it."""
    pagination = Pagination(
        page=asked.page.number,
        per_page=asked.page.per_page,
        count=total if asked.with_count else None,
        cursor=cursor,
    )
    return answer({"pagination": plain(pagination), "data": [plain(shape) for shape in shapes]})


def created(noun: str, shape: Shape, **more: object) -> Response:
    """201: the thing was made. `more` stands on top beside the rest."""
    data = plain(shape)
    return answer({**_on_top(data), "object": noun, "created": True, **more, "data": data}, 201)


def changed(noun: str, shape: Shape, *words: str, **more: object) -> Response:
    """The thing after a change. `words` (default `updated`) are told as true."""
    data = plain(shape)
    done = dict.fromkeys(words or ("updated",), True)
    return answer({**_on_top(data), "object": noun, **done, **more, "data": data})


def did(noun: str, number: int | str, *words: str, **more: object) -> Response:
    """`{id, object, deleted: true}` and the like: what was done to the thing of this number."""
    return answer({"id": number, "object": noun, **dict.fromkeys(words, True), **more})


def plain(shape: Shape) -> dict[str, Any]:
    """The shape as JSON knows it."""
    return shape.model_dump(mode="json", by_alias=True, exclude_none=True)


def answer(
    body: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Any JSON."""
    return Response(to_json(body), status, dict(headers or {}), media_type="application/json")


def _on_top(data: Mapping[str, object]) -> dict[str, object]:
    return {name: data[name] for name in ON_TOP if name in data}
