"""Custom fields: what a tenant declares about its contacts beyond the fixed fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.custom_field import (
    CustomField,
    FieldType,
    check_key,
    check_options,
    key_from,
)
from mailwright.domain.ids import new_id
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import custom_fields as store
from mailwright.store.rows import Row

FIELDS_MAX = 200  # of one tenant


@dataclass(frozen=True, slots=True)
class CustomFieldView:
    """The definition of a custom field. `options`: the words of a select, else null."""

    uuid: UUID
    field_key: str
    name: str
    type: str
    options: list[str] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A field as doors need it whose types have other words. `type_word`: the one it came with."""

    key: str
    type: FieldType
    type_word: str | None


class CustomFieldChanges(TypedDict, total=False):
    """The fields a call sets. Key and type never change: values of the old form would remain."""

    name: str
    options: list[str] | None


async def create_custom_field(
    runtime: Runtime,
    caller: Caller,
    *,
    name: str,
    kind: FieldType,
    field_key: str | None = None,
    options: list[str] | None = None,
    type_word: str | None = None,
    any_key: bool = False,
) -> CustomFieldView:
    """The new field; its key is made from the name when none is given. Raises Conflict.

    `any_key`: capitals and hyphens too, as other systems call their fields; `type_word`: what they
    call the type.
    """
    caller.require("custom-fields:write")
    values = {
        "uuid": new_id(),
        "field_key": check_key(field_key or key_from(name), any_key=any_key),
        "name": name,
        "type_word": type_word,
        "type": kind.value,
        "options": check_options(kind, options),
    }
    async with runtime.database.transaction() as connection:
        if len(await store.every_field(connection, caller.tenant_id)) >= FIELDS_MAX:
            raise InvalidInput(f"An account has at most {FIELDS_MAX} custom fields.")
        row = await store.add(connection, caller.tenant_id, values)
    if row is None:
        message = "There is a field of that key already."
        raise Conflict(message, code="DUPLICATE_RESOURCE", details={"field_key": [message]})
    return _view(row)


async def page_custom_fields(
    runtime: Runtime, caller: Caller, page: Page
) -> Paged[CustomFieldView]:
    """Fields by key."""
    caller.require("custom-fields:read")
    async with runtime.database.reading() as connection:
        rows = await store.every_field(connection, caller.tenant_id)
    shown = rows[page.offset : page.offset + page.per_page]
    return Paged([_view(row) for row in shown], len(rows), page)


async def declared_fields(runtime: Runtime, caller: Caller) -> dict[str, DeclaredField]:
    """All of the fields by key, in the order of the keys."""
    caller.require("custom-fields:read")
    async with runtime.database.reading() as connection:
        rows = await store.every_field(connection, caller.tenant_id)
    return {
        row["field_key"]: DeclaredField(row["field_key"], FieldType(row["type"]), row["type_word"])
        for row in rows
    }


async def change_custom_field(
    runtime: Runtime, caller: Caller, field: str, changes: CustomFieldChanges
) -> CustomFieldView:
    """The field with `changes` made. Raises NotFound."""
    caller.require("custom-fields:write")
    async with runtime.database.transaction() as connection:
        row = await existing_row(connection, caller, field)
        if "options" in changes:
            checked = check_options(FieldType(row["type"]), changes["options"])
            changes = {**changes, "options": checked}
        await store.change(connection, caller.tenant_id, row["id"], changes)
        return _view(await existing_row(connection, caller, field))


async def delete_custom_field(runtime: Runtime, caller: Caller, field: str) -> None:
    """The definition is gone; contacts keep the values among their attributes. Raises NotFound."""
    caller.require("custom-fields:write")
    async with runtime.database.transaction() as connection:
        row = await existing_row(connection, caller, field)
        await store.remove(connection, caller.tenant_id, row["id"])


async def definitions(connection: AsyncConnection, tenant_id: int) -> dict[str, CustomField]:
    """The tenant's fields by key, able to parse values."""
    rows = await store.every_field(connection, tenant_id)
    return {row["field_key"]: definition(row) for row in rows}


async def existing_row(connection: AsyncConnection, caller: Caller, field: str) -> Row:
    """The definition, by uuid or by key. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, _uuid_or_key(field))
    if row is None:
        raise NotFound("There is no such custom field.")
    return row


def definition(row: Row) -> CustomField:
    """The row as a field that can parse values."""
    return CustomField(row["field_key"], FieldType(row["type"]), tuple(row["options"] or ()))


def _uuid_or_key(field: str) -> UUID | str:
    try:
        return UUID(field)
    except ValueError:
        return field.replace("\0", "")


def _view(row: Row) -> CustomFieldView:
    return CustomFieldView(
        uuid=row["uuid"],
        field_key=row["field_key"],
        name=row["name"],
        type=row["type"],
        options=row["options"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
