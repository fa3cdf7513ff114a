"""Templates: named contents. What they say is in numbered versions, see template_versions.py."""

from __future__ import annotations

import secrets
from typing import Any, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import RULES
from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import template_fields, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import (
    SLUG_LENGTH_MAX,
    NewTemplate,
    TemplateChanges,
    VersionChanges,
)
from mailwright.services.template_views import TemplateRow, TemplateView, full_view, row_view
from mailwright.store import template_versions as versions
from mailwright.store import templates as store
from mailwright.store.rows import Row
from mailwright.store.templates import TemplateFilter

_SUFFIX_LENGTH = 9  # of a slug that had to be made different


async def create_template(
    runtime: Runtime, caller: Caller, fields: NewTemplate, *, strict: bool | None = None
) -> TemplateView:
    """The new template with version 1, a draft, which may have no body yet.

    Without a `slug` it is made from the name. `strict`: whether a bare unknown merge tag is a
    mistake; None: as the door has it. Raises InvalidInput, Conflict DUPLICATE_RESOURCE.
    """
    caller.require("templates:write")
    values = template_fields.template_columns(fields)
    if "name" not in values:
        raise InvalidInput.field("name", "Give it a name.")
    said = await template_fields.version_columns(
        cast("VersionChanges", fields),
        before=None,
        language=cast("str | None", values.get("default_locale")),
        strict=is_strict(caller, strict),
    )
    slug = values.pop("slug", None)
    async with runtime.database.transaction() as connection:
        row = await _added(connection, caller, values, cast("str | None", slug))
        group = new_id()
        first = {"template_id": row["id"], "number": 1, "uuid": group, "locale_group": group}
        await versions.add(connection, caller.tenant_id, said | first)
        await tell(connection, runtime, row, EventType.TEMPLATE_CREATED)
        return await _view(connection, row)


async def get_template(runtime: Runtime, caller: Caller, template_uuid: UUID) -> TemplateView:
    """One template with its versions. Raises NotFound."""
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        return await _view(connection, await existing(connection, caller, template_uuid))


async def page_templates(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    name: str | None = None,
    tag: str | None = None,
    sort: str = "name",
    descending: bool = False,
) -> Paged[TemplateRow]:
    """Templates by name, or by another word of `sort`. `search`: part of name or slug.

    `name`: only those of exactly it; `tag`: only those with it.
    """
    caller.require("templates:read")
    wanted = TemplateFilter(search, name, tag, sort, descending)
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, wanted, limit=page.per_page, offset=page.offset
        )
    return Paged([row_view(row) for row in rows], total, page)


async def change_template(
    runtime: Runtime, caller: Caller, template_uuid: UUID, changes: TemplateChanges
) -> TemplateView:
    """The template with `changes` made. Raises NotFound, InvalidInput, Conflict."""
    caller.require("templates:write")
    values = template_fields.template_columns(changes)
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, template_uuid)
        try:
            values["updated_at"] = runtime.now()
            await store.change(connection, caller.tenant_id, row["id"], values)
        except IntegrityError:
            raise _slug_taken() from None
        row = await existing(connection, caller, template_uuid)
        await tell(connection, runtime, row, EventType.TEMPLATE_UPDATED, changed=sorted(changes))
        return await _view(connection, row)


async def delete_template(runtime: Runtime, caller: Caller, template_uuid: UUID) -> None:
    """The template and its versions are gone.

    Raises NotFound, Conflict TEMPLATE_IN_USE while a campaign names one of them.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, template_uuid)
        try:
            await store.remove(connection, caller.tenant_id, row["id"])
        except IntegrityError:
            raise Conflict(
                "A campaign uses this template; change or delete the campaign first.",
                code="TEMPLATE_IN_USE",
            ) from None
        await tell(connection, runtime, row, EventType.TEMPLATE_DELETED)


async def tell(
    connection: AsyncConnection, runtime: Runtime, row: Row, type_: EventType, **more: object
) -> None:
    """Tells what became of a template, in the caller's transaction."""
    named = {"template_uuid": row["uuid"], "template_name": row["name"], **more}
    numbers = {"template_id": row["id"]}
    await webhook_events.tell(
        connection, row["tenant_id"], type_, runtime.now(), named, numbers=numbers
    )


def is_strict(caller: Caller, strict: bool | None) -> bool:
    """Whether a bare unknown merge tag is a mistake: as told, else as the caller's door has it."""
    return RULES[caller.door].strict_merge_tags if strict is None else strict


async def existing(connection: AsyncConnection, caller: Caller, template_uuid: UUID) -> Row:
    """One of the caller's templates. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, template_uuid)
    if row is None:
        raise NotFound("There is no such template.")
    return row


async def _added(
    connection: AsyncConnection, caller: Caller, values: dict[str, Any], slug: str | None
) -> Row:
    """The new row. A slug made from a name that is taken gets a tail."""
    wanted = slug or template_fields.slug_of(values["name"])
    row = await store.add(
        connection, caller.tenant_id, {**values, "uuid": new_id(), "slug": wanted}
    )
    if row is None and slug is None:
        shortened = wanted[: SLUG_LENGTH_MAX - _SUFFIX_LENGTH].strip("-")
        other = f"{shortened}-{secrets.token_hex(4)}"
        fresh = {**values, "uuid": new_id(), "slug": other}
        row = await store.add(connection, caller.tenant_id, fresh)
    if row is None:
        raise _slug_taken()
    return row


async def _view(connection: AsyncConnection, row: Row) -> TemplateView:
    return full_view(row, await versions.of_template(connection, row["tenant_id"], row["id"]))


def _slug_taken() -> Conflict:
    message = "There is a template with that slug already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"slug": [message]})
