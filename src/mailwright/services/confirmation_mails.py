"""The mail that asks somebody whether they want a list, in the tenant's own words, by language.

A language has a template, a sender, or both; what is not said stays as it is without. Whatever
becomes of a template later, people must be able to say yes: one that is not published any more, or
has lost its `{{ confirm_url }}`, gives way to Mailwright's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locales import parse_locale
from mailwright.errors import InvalidInput, MailwrightError
from mailwright.mail.confirmation import has_words
from mailwright.mail.merge import tags_in
from mailwright.services import audit, template_routing
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_references as references
from mailwright.store import confirmation_mails as store
from mailwright.store import senders, templates
from mailwright.store.rows import Row

LANGUAGES_MAX = 100
CONFIRM_TAG = "confirm_url"


@dataclass(frozen=True, slots=True)
class ConfirmationMailView:
    """What one language's mail says and in whose name; None: as without it."""

    language: str
    template_uuid: UUID | None = None
    sender_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a tenant wants in the place of ours: a version of a template, a sender, or both."""

    version_uuid: UUID | None
    sender_id: int | None


async def list_confirmation_mails(runtime: Runtime, caller: Caller) -> list[ConfirmationMailView]:
    """Every language's, by language."""
    caller.require("account:read")
    async with runtime.database.reading() as connection:
        return [_view(row) for row in await store.of_tenant(connection, caller.tenant_id)]


async def put_confirmation_mails(
    runtime: Runtime,
    caller: Caller,
    mails: Sequence[ConfirmationMailView],
    *,
    keep_others: bool = False,
    field: str = "mails",
    suffix: str = "_uuid",
) -> list[ConfirmationMailView]:
    """Exactly these mails from now on; with `keep_others` those of other languages stay.

    Raises InvalidInput for what is wrong below `field` (a template's is called `template` and
    `suffix`): a language twice, a template or sender there is not, a template that is not published
    or has no `{{ confirm_url }}`, a sender that cannot send.
    """
    caller.require("account:write")
    if len(mails) > LANGUAGES_MAX:
        raise InvalidInput.field(field, f"At most {LANGUAGES_MAX} languages.")
    async with runtime.database.transaction() as connection:
        given: dict[str, Mapping[str, object]] = {}
        for number, mail in enumerate(mails):
            row = await _row(connection, caller, mail, f"{field}.{number}", suffix)
            if str(row["language"]) in given:
                raise InvalidInput.field(f"{field}.{number}.language", "This language is twice.")
            given[str(row["language"])] = row
        if keep_others:
            stored = await store.of_tenant(connection, caller.tenant_id)
            kept = {row["language"]: _columns(row) for row in stored}
            given = {**kept, **given}
        await store.replace(connection, caller.tenant_id, list(given.values()))
        about = {"languages": sorted(given)}
        await audit.record(connection, caller, "account.confirmation-mails", None, about)
        return [_view(row) for row in await store.of_tenant(connection, caller.tenant_id)]


async def own_words(
    connection: AsyncConnection, tenant_id: int, readers: Sequence[Sequence[str | None]]
) -> list[OwnWords | None]:
    """For each reader what the tenant wants to be said in the first language they wish.

    None: our own words. A language that only we speak comes before one nobody wished.
    """
    rows = {row["language"].lower(): row for row in await store.of_tenant(connection, tenant_id)}
    known: dict[str, OwnWords] = {}
    found: list[OwnWords | None] = []
    for wished in readers:
        row = _first(rows, wished) if rows else None
        if row is not None and row["language"] not in known:
            known[row["language"]] = await _words(connection, tenant_id, row)
        found.append(known[row["language"]] if row is not None else None)
    return found


async def _words(connection: AsyncConnection, tenant_id: int, row: Row) -> OwnWords:
    """What can be used of a language's row today."""
    version = await _version(connection, tenant_id, row["template_slug"], row["language"])
    is_good = version is not None and _asks(version)
    return OwnWords(
        version["uuid"] if version is not None and is_good else None,
        row["sender_id"] if row["sender_enabled"] else None,
    )


def _first(rows: Mapping[str, Row], wished: Sequence[str | None]) -> Row | None:
    for wish in filter(None, wished):
        tag = wish.replace("_", "-").lower()
        language = tag.partition("-")[0]
        if found := rows.get(tag) or rows.get(language):
            return found
        if has_words(language):
            return None
    return rows.get("en")


async def _row(
    connection: AsyncConnection,
    caller: Caller,
    mail: ConfirmationMailView,
    field: str,
    suffix: str,
) -> Mapping[str, object]:
    """The columns of one mail, looked up and checked."""
    tenant_id, language = caller.tenant_id, parse_locale(mail.language, field=f"{field}.language")
    row: dict[str, object] = {"language": language, "template_id": None, "sender_id": None}
    if mail.template_uuid is not None:
        place = f"{field}.template{suffix}"
        template = await templates.get(connection, tenant_id, mail.template_uuid)
        if template is None:
            raise InvalidInput.field(place, "There is no such template.")
        version = await _version(connection, tenant_id, template["slug"], language)
        if version is None:
            raise InvalidInput.field(place, "This template has no published version.")
        if not _asks(version):
            sentence = f"It has no {{{{ {CONFIRM_TAG} }}}}, without which nobody can say yes."
            raise InvalidInput.field(place, sentence)
        row["template_id"] = template["id"]
    if mail.sender_uuid is not None:
        place = f"{field}.sender{suffix}"
        sender = await senders.get(connection, tenant_id, mail.sender_uuid)
        if sender is None:
            raise InvalidInput.field(place, "There is no such sender.")
        if not sender["enabled"]:
            raise InvalidInput.field(place, "This sender is not confirmed, or is disabled.")
        row["sender_id"] = await references.id_of(connection, tenant_id, "sender", mail.sender_uuid)
    return row


async def _version(
    connection: AsyncConnection, tenant_id: int, slug: str | None, language: str
) -> Row | None:
    """The published version that somebody of that language gets, or None."""
    if slug is None:
        return None
    try:
        return await template_routing.published_version(
            connection, tenant_id, slug=slug, locale=language
        )
    except MailwrightError:
        return None


def _asks(version: Row) -> bool:
    """Whether the version holds the link by which people say yes."""
    body = version["html"] or version["plain_text"] or ""
    has_subject = bool((version["subject"] or "").strip())
    return has_subject and any(path[-1] == CONFIRM_TAG for path in tags_in(body))


def _columns(row: Row) -> Mapping[str, object]:
    return {name: row[name] for name in ("language", "template_id", "sender_id")}


def _view(row: Row) -> ConfirmationMailView:
    return ConfirmationMailView(row["language"], row["template_uuid"], row["sender_uuid"])
