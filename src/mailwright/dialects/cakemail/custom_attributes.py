"""`/lists/{list_id}/custom-attributes`: what is known about contacts, the same on every list.

Cakemail keeps them per list, Mailwright per account: one that is there on another list is simply
there. First and last name and the like are fields of every contact here, and show as attributes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.contact_attributes import (
    FIELD_NAMES,
    TYPES,
    type_word,
)
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Data, DataPage, Shape, answer, many, plain
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import custom_fields as service
from mailwright.services.numbers import uuid_of

router = APIRouter(prefix="/lists/{list_id}/custom-attributes", tags=["custom attributes"])

RESERVED = (
    "id", "email", "status", "registered", "bounce_type", "bounce_count", "tags", "_tags",
)  # fmt: skip
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9\-_]+$")]


class AttributeCreate(Body):
    """A new attribute."""

    name: Name
    type: Literal["text", "mediumtext", "integer", "timestamp", "datetime"]

    model_config = example({"name": "city", "type": "text"})


class AttributeShape(Shape):
    """An attribute."""

    name: str
    type: str


@router.get("", responses={200: {"model": DataPage[AttributeShape]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all attributes."""
    await uuid_of(runtime, caller, "list", list_id)
    fields = await service.declared_fields(runtime, caller)
    shapes = [AttributeShape(name=name, type="text") for name in FIELD_NAMES]
    shapes += [AttributeShape(name=name, type=type_word(one)) for name, one in fields.items()]
    shown = shapes[asked.page.offset : asked.page.offset + asked.page.per_page]
    return many(shown, asked, len(shapes))


@router.post("", status_code=201, responses={201: {"model": Data[AttributeShape]}})
async def create(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: AttributeCreate
) -> Response:
    """Create an attribute. One of the same type that is there already is simply there."""
    await uuid_of(runtime, caller, "list", list_id)
    if body.name in RESERVED:
        raise InvalidInput.field("name", f"{body.name} is reserved.")
    if body.name not in FIELD_NAMES:
        try:
            await service.create_custom_field(
                runtime,
                caller,
                name=body.name,
                kind=TYPES[body.type],
                field_key=body.name,
                type_word=body.type,
                any_key=True,
            )
        except Conflict:
            present = (await service.declared_fields(runtime, caller))[body.name]
            if present.type != TYPES[body.type]:
                told = f"There is an attribute {body.name} of type {type_word(present)} already."
                raise InvalidInput.field("name", told) from None
    return _told(AttributeShape(name=body.name, type=body.type), 201, created=True)


@router.get("/{name}", responses={200: {"model": Data[AttributeShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, name: str) -> Response:
    """Show an attribute."""
    await uuid_of(runtime, caller, "list", list_id)
    if name in FIELD_NAMES:
        shape = AttributeShape(name=name, type="text")
    else:
        fields = await service.declared_fields(runtime, caller)
        if name not in fields:
            raise NotFound("There is no such attribute.")
        shape = AttributeShape(name=name, type=type_word(fields[name]))
    return answer({"name": name, "data": plain(shape)})


@router.delete("/{name}", responses={200: {"model": Data[AttributeShape]}})
async def delete(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, name: str
) -> Response:
    """Delete an attribute, from every list; what contacts have in it is kept, undeclared."""
    await uuid_of(runtime, caller, "list", list_id)
    if name in FIELD_NAMES:
        raise InvalidInput.field("name", f"{name} is a field of every contact.")
    try:
        await service.delete_custom_field(runtime, caller, name)
    except NotFound:
        raise NotFound("There is no such attribute.") from None
    return answer({"name": name, "object": "attribute", "deleted": True})


def _told(shape: AttributeShape, status: int, **words: bool) -> Response:
    body = {"name": shape.name, "object": "attribute", **words, "data": plain(shape)}
    return answer(body, status)
