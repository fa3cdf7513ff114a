"""Which contacts a call is about: some by name, those of a list, those a rule fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.labels import AT_ONCE_MAX
from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.errors import InvalidInput
from mailwright.services import rule_references
from mailwright.services.caller import Caller
from mailwright.store import contacts, lists, segment_rules
from mailwright.store.audiences import is_member


@dataclass(frozen=True, slots=True)
class Selection:
    """Each part narrows it. `contact_uuids`: exactly these, who must all be there."""

    list_uuid: UUID | None = None
    contact_uuids: Sequence[UUID] | None = None
    rule: Mapping[str, Any] | None = None


async def condition_of(
    connection: AsyncConnection, caller: Caller, wanted: Selection
) -> ColumnElement[bool]:
    """The condition over `contacts` of whom the call is about.

    Raises InvalidInput for people, a list or things in the rule that are not the caller's, and for
    a selection that would be everybody.
    """
    tenant_id = caller.tenant_id
    if wanted.contact_uuids is None and wanted.rule is None:
        raise InvalidInput.field("contact_uuids", "Say whom: contacts, or a rule.")
    parts = [contacts.of_tenant(tenant_id)]
    if wanted.list_uuid is not None:
        parts.append(is_member(tenant_id, await _list_id(connection, caller, wanted.list_uuid)))
    if wanted.rule is not None:
        rule = parse_rule(wanted.rule)
        await rule_references.require_own(connection, tenant_id, rule, field="rule")
        parts.append(segment_rules.condition(tenant_id, rule))
    if wanted.contact_uuids is not None:
        uuids = set(wanted.contact_uuids)
        if len(uuids) > AT_ONCE_MAX:
            raise InvalidInput.field("contact_uuids", f"At most {AT_ONCE_MAX} at once.")
        parts.append(contacts.among(uuids))
        if await contacts.count(connection, tenant_id, and_(*parts)) != len(uuids):
            raise InvalidInput.field("contact_uuids", "Not all of them are there.")
    return and_(*parts)


async def _list_id(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> int:
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise InvalidInput.field("list_uuid", "There is no such list.")
    return found[list_uuid]
