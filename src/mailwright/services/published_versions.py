"""What campaigns can send of templates: each published version once, with its languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import template_versions as store
from mailwright.store.rows import Row

VARIANTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version in all of its published languages. `uuid`: the variant to name in a campaign.

    `variants`: the uuids of all of them, so that any of them is known to be this version.
    """

    uuid: UUID
    template_uuid: UUID
    template_name: str
    number: int
    subject: str | None
    locales: list[str]
    variants: frozenset[UUID]


async def list_published_versions(runtime: Runtime, caller: Caller) -> list[PublishedVersion]:
    """By the name of the template, the newest number first; of the first 1,000 variants."""
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        rows = await store.published(connection, caller.tenant_id, limit=VARIANTS_MAX)
    return [_version(list(group)) for _, group in groupby(rows, lambda row: row["locale_group"])]


def _version(variants: Sequence[Row]) -> PublishedVersion:
    own = (None, variants[0]["default_locale"])
    named = next((row for row in variants if row["locale"] in own), variants[0])
    return PublishedVersion(
        uuid=named["uuid"],
        template_uuid=named["template_uuid"],
        template_name=named["template_name"],
        number=named["number"],
        subject=named["subject"],
        locales=[row["locale"] or row["default_locale"] or "any" for row in variants],
        variants=frozenset(row["uuid"] for row in variants),
    )
