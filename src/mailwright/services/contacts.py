"""Contacts: the people a tenant writes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.attributes import check_attributes, merged
from mailwright.domain.custom_field import parse_known
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.ids import new_id
from mailwright.domain.locales import parse_country, parse_locale
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import custom_fields
from mailwright.services.caller import Caller
from mailwright.services.contact_views import ContactRow, ContactView, full_view, row_view
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.suppressions import suppress
from mailwright.store import consents, lists, projects, suppressions
from mailwright.store import contacts as store
from mailwright.store.rows import Row

_LENGTHS = {"first_name": 255, "last_name": 255, "phone": 32, "external_id": 255}


class ContactChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay, None and "" clear (vendors.md 3.1).

    `attributes` are merged key by key. `contact_lists` are joined; nobody leaves one this way.
    """

    first_name: str | None
    last_name: str | None
    phone: str | None
    external_id: str | None
    language: str | None
    country_code: str | None
    attributes: dict[str, object] | None
    contact_lists: Sequence[UUID]
    project_uuid: UUID | None


async def create_contact(
    runtime: Runtime,
    caller: Caller,
    email: str,
    fields: ContactChanges,
    *,
    source: str | None = None,
) -> ContactView:
    """The new contact, subscribed and on the lists given. All of it or nothing.

    Raises InvalidInput for a list that is not the tenant's, Conflict DUPLICATE_RESOURCE when the
    address or the external id is taken.
    """
    caller.require("contacts:write")
    address = EmailAddress.parse(email)
    values = contact_columns(fields)
    now = runtime.now()
    source = source or caller.door.value
    async with runtime.database.transaction() as connection:
        list_ids = await _list_ids(connection, caller, fields.get("contact_lists", ()))
        values["attributes"] = await _attributes(connection, caller, {}, fields)
        values |= await _project(connection, caller, fields)
        contact_uuid = new_id()
        contact_id = await store.add(
            connection,
            caller.tenant_id,
            {
                **values,
                "uuid": contact_uuid,
                "email": address.text,
                "email_key": address.key,
                "consent_source": source,
                "opted_in_at": now,
            },
        )
        if contact_id is None:
            taken = await store.has_address(connection, caller.tenant_id, address.key)
            raise _taken("email" if taken else "external_id")
        await _record_consent(connection, caller, contact_id, source)
        await lists.join_all(connection, caller.tenant_id, list_ids, contact_id)
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def get_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> ContactView:
    """One contact in full. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def page_contacts(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    list_uuid: UUID | None = None,
) -> Paged[ContactRow]:
    """Contacts, newest first. `search`: a whole address, else parts of names or a phone's start.

    Raises NotFound for a list that is not the tenant's.
    """
    caller.require("contacts:read")
    fits = _search(search)
    async with runtime.database.reading() as connection:
        list_id = await _list_id(connection, caller, list_uuid)
        tenant_id, limit, offset = caller.tenant_id, page.per_page, page.offset
        rows = await store.page(
            connection, tenant_id, fits, list_id=list_id, limit=limit, offset=offset
        )

        async def count() -> int:
            return await store.count(connection, tenant_id, fits, list_id=list_id)

        key = ("contacts", tenant_id, list_id, search)
        total = await runtime.totals.get(key, runtime.now(), count)
    return Paged([row_view(row) for row in rows], total, page)


async def change_contact(
    runtime: Runtime, caller: Caller, contact_uuid: UUID, changes: ContactChanges
) -> ContactView:
    """The contact with `changes` made; the address never changes.

    Raises NotFound, InvalidInput, or Conflict when the external id is taken.
    """
    caller.require("contacts:write")
    values = contact_columns(changes)
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, contact_uuid, lock=True)
        list_ids = await _list_ids(connection, caller, changes.get("contact_lists", ()))
        if "attributes" in changes:
            values["attributes"] = await _attributes(connection, caller, row["attributes"], changes)
        values |= await _project(connection, caller, changes)
        await _save(connection, caller, row["id"], values)
        await lists.join_all(connection, caller.tenant_id, list_ids, row["id"])
        return await view(
            connection, caller.tenant_id, await existing(connection, caller, contact_uuid)
        )


async def delete_contact(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> None:
    """The contact is gone; what was sent to it stays in the ledger. Raises NotFound.

    An unsubscribe outlives the contact as a suppression, or importing the address again would
    mail somebody who said no.
    """
    caller.require("contacts:write")
    async with runtime.database.transaction() as connection:
        gone = await store.remove(connection, caller.tenant_id, contact_uuid)
        if gone is None:
            raise _no_contact()
        if gone["consent"] == "unsubscribed":
            await suppress(
                connection,
                caller.tenant_id,
                gone["email_key"],
                reason="unsubscribe",
                scope="marketing",
                source="contact deleted",
            )


async def existing(
    connection: AsyncConnection, caller: Caller, contact_uuid: UUID, *, lock: bool = False
) -> Row:
    """The contact's row. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, contact_uuid, lock=lock)
    if row is None:
        raise _no_contact()
    return row


def _search(search: str | None) -> Any:
    words = (search or "").strip()
    if not words:
        return None
    try:
        return store.matches(words, EmailAddress.parse(words).key)
    except InvalidInput:
        return store.matches(words, None)


def contact_columns(fields: ContactChanges) -> dict[str, Any]:
    """The columns that the plain fields set. Raises InvalidInput."""
    given = cast("Mapping[str, object]", fields)
    values: dict[str, Any] = {}
    for name, length_max in _LENGTHS.items():
        if name in given:
            values[name] = _short(name, given[name], length_max)
    if "language" in fields:
        values["locale"] = parse_locale(fields["language"]) if fields["language"] else None
    if "country_code" in fields:
        code = fields["country_code"]
        values["country_code"] = parse_country(code) if code else None
    return values


def _short(name: str, value: object, length_max: int) -> str | None:
    text = str(value or "").strip()
    if len(text) > length_max:
        raise InvalidInput.field(name, f"At most {length_max} characters.")
    return text or None


async def _attributes(
    connection: AsyncConnection, caller: Caller, present: Mapping[str, Any], fields: ContactChanges
) -> dict[str, Any]:
    given = fields.get("attributes") or {}
    if not given:
        return dict(present)
    checked = check_attributes(given)
    known = await custom_fields.definitions(connection, caller.tenant_id)
    together = merged(present, parse_known(known, checked))
    check_attributes(together)  # not too many of them in all
    return together


async def project_id_of(
    connection: AsyncConnection, caller: Caller, project_uuid: UUID | None
) -> int | None:
    """The id of one of the caller's projects, None for none. Raises InvalidInput."""
    if project_uuid is None:
        return None
    row = await projects.by_uuid(connection, caller.tenant_id, project_uuid)
    if row is None:
        raise InvalidInput.field("project_uuid", "There is no such project in this account.")
    return row["id"]


async def _project(
    connection: AsyncConnection, caller: Caller, fields: ContactChanges
) -> dict[str, Any]:
    if "project_uuid" not in fields:
        return {}
    return {"project_id": await project_id_of(connection, caller, fields["project_uuid"])}


async def _list_ids(
    connection: AsyncConnection, caller: Caller, list_uuids: Collection[UUID]
) -> Collection[int]:
    if not list_uuids:
        return ()
    found = await lists.ids_of(connection, caller.tenant_id, list_uuids)
    missing = [str(wanted) for wanted in list_uuids if wanted not in found]
    if missing:
        raise InvalidInput.field("contact_lists", f"There is no such list: {', '.join(missing)}.")
    return found.values()


async def _list_id(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID | None
) -> int | None:
    if list_uuid is None:
        return None
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise NotFound("There is no such list.")
    return found[list_uuid]


async def _save(
    connection: AsyncConnection, caller: Caller, contact_id: int, values: dict[str, Any]
) -> None:
    if not values:
        return
    try:
        await store.change(connection, caller.tenant_id, contact_id, values)
    except IntegrityError:
        raise _taken("external_id") from None


async def _record_consent(
    connection: AsyncConnection, caller: Caller, contact_id: int, source: str
) -> None:
    await consents.record(
        connection,
        caller.tenant_id,
        contact_id,
        consent="subscribed",
        source=source,
        actor=caller.actor,
        door=caller.door.value,
    )


async def view(connection: AsyncConnection, tenant_id: int, row: Row) -> ContactView:
    """The contact of `row` in full."""
    contact_id = row["id"]
    return full_view(
        row,
        lists=await store.lists_of(connection, tenant_id, contact_id),
        fields=await custom_fields.definitions(connection, tenant_id),
        suppressions=await suppressions.of_address(connection, tenant_id, row["email_key"]),
        engagement=await store.engagement_of(connection, tenant_id, contact_id),
    )


def _no_contact() -> NotFound:
    return NotFound("There is no such contact.")


def _taken(field: str) -> Conflict:
    words = {"email": "address", "external_id": "external id"}[field]
    message = f"There is a contact with that {words} already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={field: [message]})
