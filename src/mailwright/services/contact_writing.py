"""What a call sets on a contact: checked, turned into columns, saved in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.attributes import check_attributes, merged
from mailwright.domain.custom_field import parse_known
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.ids import new_id
from mailwright.domain.locales import parse_country, parse_locale
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import custom_fields, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.webhook_events import Fact
from mailwright.store import consents, lists, projects
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


async def insert(
    connection: AsyncConnection,
    caller: Caller,
    address: EmailAddress,
    fields: ContactChanges,
    *,
    consent: str,
    source: str,
    now: datetime,
) -> tuple[int, UUID]:
    """The id and uuid of the new contact, on the lists given, its consent recorded.

    Raises InvalidInput for a list that is not the tenant's, Conflict DUPLICATE_RESOURCE when the
    address or the external id is taken.
    """
    values = contact_columns(fields)
    list_ids = await _list_ids(connection, caller, fields.get("contact_lists", ()))
    values["attributes"] = await _attributes(connection, caller, {}, fields)
    values |= await _project(connection, caller, fields)
    contact_uuid = new_id()
    values |= {
        "uuid": contact_uuid,
        "email": address.text,
        "email_key": address.key,
        "consent": consent,
        "consent_source": source,
        "opted_in_at": now if consent == "subscribed" else None,
        "unsubscribed_at": now if consent == "unsubscribed" else None,
    }
    contact_id = await store.add(connection, caller.tenant_id, values)
    if contact_id is None:
        is_taken = await store.has_address(connection, caller.tenant_id, address.key)
        raise taken("email" if is_taken else "external_id")
    await record_consent(connection, caller, contact_id, consent, source)
    joined = await lists.join_all(connection, caller.tenant_id, list_ids, contact_id)
    made = _fact(caller, contact_id, EventType.CONTACT_CREATED, now, source=source)
    await webhook_events.emit(
        connection, [made, *added_to_lists(caller, contact_id, joined, now, source=source)]
    )
    return contact_id, contact_uuid


async def save(
    connection: AsyncConnection, caller: Caller, row: Row, changes: ContactChanges, *, now: datetime
) -> None:
    """Makes `changes` to the contact of `row`, which the caller holds.

    Raises InvalidInput, or Conflict when the external id is taken.
    """
    values = contact_columns(changes)
    list_ids = await _list_ids(connection, caller, changes.get("contact_lists", ()))
    if "attributes" in changes:
        values["attributes"] = await _attributes(connection, caller, row["attributes"], changes)
    values |= await _project(connection, caller, changes)
    if values:
        try:
            await store.change(connection, caller.tenant_id, row["id"], values)
        except IntegrityError:
            raise taken("external_id") from None
    joined = await lists.join_all(connection, caller.tenant_id, list_ids, row["id"])
    source = caller.door.value
    facts = added_to_lists(caller, row["id"], joined, now, source=source)
    if values:
        changed = sorted({*changes} - {"contact_lists"})
        told = {"changed": changed, "source": source}
        facts.insert(0, _fact(caller, row["id"], EventType.CONTACT_UPDATED, now, **told))
    await webhook_events.emit(connection, facts)


async def change_address(
    connection: AsyncConnection, caller: Caller, row: Row, email: str, *, now: datetime
) -> None:
    """The contact of `row` has another address. Raises InvalidInput, or Conflict when it is taken.

    Its consent goes with the person; suppressions stay with the address.
    """
    address = EmailAddress.parse(email)
    values = {"email": address.text, "email_key": address.key}
    if address.key != row["email_key"] and await store.has_address(
        connection, caller.tenant_id, address.key
    ):
        raise taken("email")
    await store.change(connection, caller.tenant_id, row["id"], values)
    if address.text != row["email"]:
        told: dict[str, object] = {"changed": ["email"], "email_before": row["email"]}
        fact = _fact(
            caller, row["id"], EventType.CONTACT_UPDATED, now, **told, source=caller.door.value
        )
        await webhook_events.emit(connection, [fact])


def added_to_lists(
    caller: Caller, contact_id: int, list_ids: Iterable[int], at: datetime, *, source: str
) -> list[Fact]:
    """That a contact is new on these lists."""
    type_ = EventType.CONTACT_ADDED_TO_LIST
    fact = _fact(caller, contact_id, type_, at, source=source)
    return [replace(fact, list_id=list_id) for list_id in list_ids]


def _fact(caller: Caller, contact_id: int, type_: EventType, at: datetime, **data: object) -> Fact:
    return Fact(caller.tenant_id, type_, at, contact_id=contact_id, data=data)


async def record_consent(
    connection: AsyncConnection, caller: Caller, contact_id: int, consent: str, source: str
) -> None:
    """Notes what the contact agreed to or took back, and how we know."""
    await consents.record(
        connection,
        caller.tenant_id,
        contact_id,
        consent=consent,
        source=source,
        actor=caller.actor,
        door=caller.door.value,
    )


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


def taken(field: str) -> Conflict:
    """The refusal of an `email` or `external_id` that another contact has."""
    words = {"email": "address", "external_id": "external id"}[field]
    message = f"There is a contact with that {words} already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={field: [message]})
