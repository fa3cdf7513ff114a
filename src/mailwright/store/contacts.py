"""Contacts: one address of one tenant, and what is known about the person."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.audiences import is_suppressed
from mailwright.store.rows import AnySelect, Row, every, maybe_one, only
from mailwright.store.tables import contacts, list_members, lists, messages, projects

_COLUMNS = (
    contacts.c.id,
    contacts.c.uuid,
    contacts.c.email,
    contacts.c.email_key,
    contacts.c.first_name,
    contacts.c.last_name,
    contacts.c.phone,
    contacts.c.external_id,
    contacts.c.locale,
    contacts.c.country_code,
    contacts.c.consent,
    contacts.c.consent_source,
    contacts.c.opted_in_at,
    contacts.c.unsubscribed_at,
    contacts.c.attributes,
    contacts.c.project_id,
    contacts.c.created_at,
    contacts.c.updated_at,
)


def rows(tenant_id: int) -> AnySelect:
    """Contacts as everybody reads them, with `suppressed` and `project_uuid`.

    Add conditions, an order and a limit.
    """
    project_uuid = (
        select(projects.c.uuid)
        .where(projects.c.tenant_id == tenant_id, projects.c.id == contacts.c.project_id)
        .scalar_subquery()
    )
    return select(
        *_COLUMNS,
        is_suppressed(tenant_id).label("suppressed"),
        project_uuid.label("project_uuid"),
    )


async def add(
    connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]
) -> int | None:
    """The new id, or None when the address or the external id is taken."""
    return await connection.scalar(
        upsert(contacts)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing()
        .returning(contacts.c.id)
    )


async def get(
    connection: AsyncConnection, tenant_id: int, contact_uuid: uuid.UUID, *, lock: bool = False
) -> Row | None:
    """One contact, or None. `lock`: nobody else changes it until the transaction ends."""
    statement = rows(tenant_id).where(_is(tenant_id, contact_uuid))
    if lock:
        statement = statement.with_for_update(of=contacts, key_share=True)
    return await maybe_one(connection, statement)


async def has_address(connection: AsyncConnection, tenant_id: int, email_key: str) -> bool:
    """Whether the tenant has a contact of that address."""
    found = await connection.scalar(
        select(contacts.c.id).where(
            contacts.c.tenant_id == tenant_id, contacts.c.email_key == email_key
        )
    )
    return found is not None


async def of_address(connection: AsyncConnection, tenant_id: int, email_key: str) -> Row | None:
    """The contact with that address; nobody else changes it until the transaction ends."""
    mine = (contacts.c.tenant_id == tenant_id, contacts.c.email_key == email_key)
    return await maybe_one(connection, select(contacts).where(*mine).with_for_update())


async def id_of_address(connection: AsyncConnection, tenant_id: int, email_key: str) -> int | None:
    """The id of the contact with that address."""
    return await connection.scalar(
        select(contacts.c.id).where(
            contacts.c.tenant_id == tenant_id, contacts.c.email_key == email_key
        )
    )


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    fits: ColumnElement[bool] | None = None,
    *,
    list_id: int | None = None,
    limit: int,
    offset: int,
) -> Sequence[Row]:
    """Contacts that fit, newest first.

    The ids of the page are found first, from indexes alone, so that a late page costs little more
    than an early one; in a list by way of its members, whose ids are in the contacts' order.
    """
    ids = _ids(tenant_id, fits, list_id).limit(limit).offset(offset).subquery()
    statement = (
        rows(tenant_id)
        .join_from(
            ids, contacts, and_(contacts.c.tenant_id == tenant_id, contacts.c.id == ids.c.id)
        )
        .order_by(ids.c.id.desc())
    )
    return await every(connection, statement)


async def count(
    connection: AsyncConnection,
    tenant_id: int,
    fits: ColumnElement[bool] | None = None,
    *,
    list_id: int | None = None,
) -> int:
    """How many contacts fit."""
    ids = _ids(tenant_id, fits, list_id).order_by(None).subquery()
    return (await connection.execute(select(func.count()).select_from(ids))).scalar_one()


async def limit_time(connection: AsyncConnection, *, seconds: int) -> None:
    """The rest of the transaction's statements may take that long each, then fail with 57014."""
    await connection.execute(
        select(func.set_config("statement_timeout", str(seconds * 1000), True))  # noqa: FBT003  # is_local
    )


async def keys_of_nobody(
    connection: AsyncConnection, tenant_id: int, keys: Sequence[str]
) -> list[str]:
    """Those keys that no contact has among its attributes."""
    lacking: list[str] = []
    for key in keys:
        mine = (contacts.c.tenant_id == tenant_id, contacts.c.attributes.has_key(key))
        if not await connection.scalar(select(exists(select(1).where(*mine)))):
            lacking.append(key)
    return lacking


def has_consent(consent: str) -> ColumnElement[bool]:
    """Whether a contact is `subscribed`, `unconfirmed` or `unsubscribed`."""
    return contacts.c.consent == consent


def matches(search: str, email_key: str | None) -> ColumnElement[bool]:
    """What a search box means: exactly the address, or each word in a name or opening a phone."""
    if email_key is not None:
        return contacts.c.email_key == email_key
    return and_(
        *(
            or_(
                contacts.c.first_name.icontains(word, autoescape=True),
                contacts.c.last_name.icontains(word, autoescape=True),
                contacts.c.phone.startswith(word, autoescape=True),
            )
            for word in search.split()
        )
    )


def of_tenant(tenant_id: int) -> ColumnElement[bool]:
    """The condition that is true of all of the tenant's contacts."""
    return contacts.c.tenant_id == tenant_id


def among(contact_uuids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """The condition that is true of these contacts."""
    return contacts.c.uuid.in_(contact_uuids)


async def change(
    connection: AsyncConnection, tenant_id: int, contact_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`. An external id that is taken raises IntegrityError."""
    await connection.execute(
        update(contacts)
        .where(contacts.c.tenant_id == tenant_id, contacts.c.id == contact_id)
        .values(**values, updated_at=func.now())
    )


async def remove(
    connection: AsyncConnection, tenant_id: int, contact_uuid: uuid.UUID
) -> Row | None:
    """Deletes the contact and its memberships; the ledger's rows stay.

    What it was, or None when there was no such contact.
    """
    statement = delete(contacts).where(_is(tenant_id, contact_uuid)).returning(contacts)
    return await maybe_one(connection, statement)


async def list_ids_of(
    connection: AsyncConnection, tenant_id: int, contact_uuid: uuid.UUID
) -> list[int]:
    """The ids of the lists the contact is on, left or not."""
    statement = (
        select(list_members.c.list_id)
        .join(
            contacts,
            and_(
                contacts.c.tenant_id == list_members.c.tenant_id,
                contacts.c.id == list_members.c.contact_id,
            ),
        )
        .where(_is(tenant_id, contact_uuid))
    )
    return [row["list_id"] for row in await every(connection, statement)]


async def lists_of(connection: AsyncConnection, tenant_id: int, contact_id: int) -> Sequence[Row]:
    """The lists the contact is on and has not left: `uuid` and `name`, by name."""
    statement = (
        select(lists.c.uuid, lists.c.name)
        .join(
            list_members,
            and_(
                list_members.c.tenant_id == lists.c.tenant_id,
                list_members.c.list_id == lists.c.id,
            ),
        )
        .where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.contact_id == contact_id,
            list_members.c.state == "subscribed",
        )
        .order_by(lists.c.name)
    )
    return await every(connection, statement)


async def engagement_of(connection: AsyncConnection, tenant_id: int, contact_id: int) -> Row:
    """When the contact was last mailed, last opened and last clicked."""
    return await only(
        connection,
        select(
            func.max(messages.c.sent_at).label("last_sent_at"),
            func.max(messages.c.opened_at).label("last_opened_at"),
            func.max(messages.c.clicked_at).label("last_clicked_at"),
        ).where(messages.c.tenant_id == tenant_id, messages.c.contact_id == contact_id),
    )


def _is(tenant_id: int, contact_uuid: uuid.UUID) -> ColumnElement[bool]:
    return and_(contacts.c.tenant_id == tenant_id, contacts.c.uuid == contact_uuid)


def _ids(tenant_id: int, fits: ColumnElement[bool] | None, list_id: int | None) -> Any:
    """Ids of the contacts that fit, newest first."""
    if list_id is None:
        found = select(contacts.c.id).where(contacts.c.tenant_id == tenant_id)
        if fits is not None:
            found = found.where(fits)
        return found.order_by(contacts.c.id.desc())
    member_id = list_members.c.contact_id
    found = select(member_id.label("id")).where(
        list_members.c.tenant_id == tenant_id,
        list_members.c.list_id == list_id,
        list_members.c.state == "subscribed",
    )
    if fits is not None:
        same = and_(contacts.c.tenant_id == tenant_id, contacts.c.id == member_id)
        found = found.join(contacts, same).where(fits)
    return found.order_by(member_id.desc())
