"""The custom fields of one contact: reading, setting, clearing, and the items of lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

from mailwright.domain.attributes import check_attributes
from mailwright.domain.custom_field import CustomField, FieldType
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import contacts
from mailwright.services.caller import Caller
from mailwright.services.contact_views import FieldValue, field_values
from mailwright.services.custom_fields import definition, definitions, existing_row
from mailwright.services.runtime import Runtime
from mailwright.store import contacts as store

_Change = Callable[[CustomField, Any], Any]


async def get_field_values(
    runtime: Runtime, caller: Caller, contact_uuid: UUID
) -> list[FieldValue]:
    """Every custom field with the contact's value. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        row = await contacts.existing(connection, caller, contact_uuid)
        return field_values(row, await definitions(connection, caller.tenant_id))


async def set_field_value(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, field: str, value: object
) -> FieldValue:
    """The field with its new value; None and "" clear it. Raises NotFound, InvalidInput."""

    def parsed(known: CustomField, _present: Any) -> Any:
        return known.parse(value)

    return await _change(runtime, caller, contact_uuid, field, parsed)


async def add_field_item(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, field: str, item: str
) -> FieldValue:
    """The list field with `item` in it, once. Raises NotFound, InvalidInput."""

    def added(known: CustomField, present: Any) -> Any:
        items = _items(known, present)
        return known.parse(items if item.strip() in items else [*items, item])

    return await _change(runtime, caller, contact_uuid, field, added)


async def remove_field_item(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, field: str, item: str
) -> FieldValue:
    """The list field without `item`. Raises NotFound when it is not in it."""

    def removed(known: CustomField, present: Any) -> Any:
        items = _items(known, present)
        if item.strip() not in items:
            raise NotFound("There is no such item.")
        return [kept for kept in items if kept != item.strip()] or None

    return await _change(runtime, caller, contact_uuid, field, removed)


async def _change(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, field: str, change: _Change
) -> FieldValue:
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        row = await contacts.existing(connection, caller, contact_uuid, lock=True)
        known = definition(await existing_row(connection, caller, field))
        value = change(known, row["attributes"].get(known.key))
        attributes = _with(row["attributes"], known.key, value)
        await store.change(connection, caller.tenant_id, row["id"], {"attributes": attributes})
    return FieldValue(known.key, value)


def _with(attributes: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    found = {name: kept for name, kept in attributes.items() if name != key}
    if value is not None:
        found[key] = value
    check_attributes(found)
    return found


def _items(known: CustomField, present: Any) -> list[Any]:
    if known.type is not FieldType.LIST:
        raise InvalidInput.field(known.key, "Only a field of type list has items.")
    return list(cast("list[Any]", present)) if isinstance(present, list) else []
