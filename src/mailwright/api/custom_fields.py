"""`/custom-fields`: what a tenant declares about its contacts beyond the fixed fields."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, example
from mailwright.domain.custom_field import FieldType
from mailwright.services import custom_fields as service
from mailwright.services.custom_fields import CustomFieldView

router = APIRouter(prefix="/custom-fields", tags=["custom fields"])

FieldKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Option = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class CustomFieldCreate(Body):
    """A new field. Without `field_key` it is made from the name."""

    name: Name
    type: FieldType
    field_key: FieldKey | None = None
    options: list[Option] | None = None

    model_config = example({"name": "Plan", "type": "select", "options": ["free", "pro"]})


class CustomFieldPatch(Body):
    """What to change; key and type never change."""

    name: Name = ""
    options: list[Option] | None = None

    model_config = example({"name": "Subscription"})


@router.post("", status_code=201, responses={201: {"model": Data[CustomFieldView]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: CustomFieldCreate) -> Response:
    """Declare a field. 409 `DUPLICATE_RESOURCE` when the key is taken."""
    view = await service.create_custom_field(
        runtime,
        caller,
        name=body.name,
        kind=body.type,
        field_key=body.field_key,
        options=body.options,
    )
    return one(view, 201)


@router.get("", responses={200: {"model": DataPage[CustomFieldView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """Fields by key."""
    return many(await service.page_custom_fields(runtime, caller, page))


@router.patch("/{field_uuid}", responses={200: {"model": Data[CustomFieldView]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, field_uuid: UUID, body: CustomFieldPatch
) -> Response:
    """Rename a field, or change the options of a select."""
    changes = body.changes()
    return one(await service.change_custom_field(runtime, caller, str(field_uuid), changes))


@router.delete("/{field_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, field_uuid: UUID) -> Response:
    """Take the declaration away; contacts keep the values among their attributes."""
    await service.delete_custom_field(runtime, caller, str(field_uuid))
    return nothing()
