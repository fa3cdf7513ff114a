"""Groups of single mails: known by number, called by whatever words their sender gives them.

A group begins with its first mail: one with its tag, by whichever door (`domain.email_group`).
"""

from __future__ import annotations

from dataclasses import dataclass

from mailwright.domain.email_group import group_tag, groups_of
from mailwright.domain.storable import is_storable
from mailwright.errors import InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import email_groups as store
from mailwright.store import event_log

DESCRIPTION_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class EmailGroup:
    """A group; `description`: None until it is given one."""

    number: int
    description: str | None


async def page_groups(runtime: Runtime, caller: Caller, page: Page) -> Paged[EmailGroup]:
    """The groups of all mails, by number."""
    caller.require("emails:read")
    async with runtime.database.reading() as connection:
        described = await store.descriptions(connection, caller.tenant_id)
        used = groups_of(await event_log.tags(connection, caller.tenant_id))
    numbers = sorted({*used, *described})
    shown = numbers[page.offset : page.offset + page.per_page]
    return Paged(
        [EmailGroup(number, described.get(number)) for number in shown], len(numbers), page
    )


async def describe_group(
    runtime: Runtime, caller: Caller, number: int, description: str
) -> EmailGroup:
    """The group, called so from now on. Raises NotFound where no mail was ever in it."""
    caller.require("emails:write")
    words = description.strip()
    if not words or len(words) > DESCRIPTION_LENGTH_MAX or not is_storable(words):
        raise InvalidInput.field("description", f"1 to {DESCRIPTION_LENGTH_MAX} characters.")
    async with runtime.database.transaction() as connection:
        known = await store.descriptions(connection, caller.tenant_id)
        tag = group_tag(number)
        if number not in known and not await store.is_used(connection, caller.tenant_id, tag):
            raise NotFound("There is no such group of mails.")
        await store.describe(connection, caller.tenant_id, number, words)
    return EmailGroup(number, words)
