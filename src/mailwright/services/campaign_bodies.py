"""The body of a campaign: checked and compiled when it is saved.

A body comes as Markdown, as a document or as raw HTML. Saving checks its merge tags and makes all
that is needed later, so that a mistake is an answer now and not a failed campaign at night.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import Conflict, InvalidInput
from mailwright.mail import document as documents
from mailwright.mail import html as pages
from mailwright.mail import markdown, merge, plain_text
from mailwright.mail.document import BodyFlags
from mailwright.services.campaign_fields import CampaignChanges
from mailwright.store import campaign_bodies as store
from mailwright.store import campaigns
from mailwright.store.rows import Row

HTML_LENGTH_MAX = 1_000_000  # characters; ten times what Gmail shows before it cuts a mail off

_SOURCES = ("content", "document", "html")

#: A raw page has no Markdown form: it is changed as a page, or replaced.
_RAW_HTML = BodyFlags(editable_via_api=False, overwrite_required=True)
_NONE = documents.flags(None)


@dataclass(frozen=True, slots=True)
class Body:
    """A compiled body. `source`: the field it came in; `values`: its columns, None: cleared."""

    source: str
    flags: BodyFlags
    values: Mapping[str, object] | None


async def compile_change(fields: CampaignChanges, *, language: str, strict: bool) -> Body | None:
    """What `fields` make of the body; None: they leave it alone. Raises InvalidInput saying where.

    `language`: of the page, a BCP 47 tag. `strict`: a bare unknown merge tag is a mistake. Runs in
    a thread: a long newsletter takes long enough to hold others up.
    """
    given = {name: value for name, value in fields.items() if name in _SOURCES}
    filled = [name for name, value in given.items() if not _is_empty(value)]
    if len(filled) > 1:
        raise InvalidInput.field(filled[1], f"Give only one of {', '.join(_SOURCES)}.")
    if fields.get("text") is not None and filled != ["html"]:
        raise InvalidInput.field("text", "A text of its own goes with html.")
    if not given:
        return None
    if not filled:
        return Body(next(iter(given)), _NONE, None)
    source = _Source(filled[0], given[filled[0]], fields.get("text"), language, strict)
    return await asyncio.to_thread(_compiled, source)


async def recompile(body: Row, *, language: str) -> Body | None:
    """A stored body for another language; None: a page is in the language it is in."""
    if body["document"] is None:
        return None
    source = _Source("document", body["document"], None, language, strict=False)
    return await asyncio.to_thread(_compiled, source)


async def require_overwrite(
    connection: AsyncConnection, campaign: Row, body: Body, *, overwrite: bool
) -> None:
    """Raises Conflict CONTENT_OVERWRITE_REQUIRED when `body` would lose styling unasked.

    A document replaces a document, and a page a page, freely: that is how they are edited.
    """
    if overwrite or not campaign["overwrite_required"]:
        return
    old = await store.get(connection, campaign["tenant_id"], campaign["id"])
    if old is not None and body.values is not None and old["kind"] == body.source:
        return
    raise Conflict(
        "This body has layout or styling that Markdown cannot keep; send overwrite: true to "
        "replace it for good.",
        code="CONTENT_OVERWRITE_REQUIRED",
    )


async def save_body(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, body: Body, *, now: datetime
) -> None:
    """Stores the body, and what it says of itself on the campaign's row."""
    if body.values is None:
        await store.remove(connection, tenant_id, campaign_id)
    else:
        await store.save(connection, tenant_id, campaign_id, {**body.values, "updated_at": now})
    flags = {
        "has_body": body.values is not None,
        "editable_via_api": body.flags.editable_via_api,
        "overwrite_required": body.flags.overwrite_required,
    }
    await campaigns.change(connection, tenant_id, campaign_id, flags)


@dataclass(frozen=True, slots=True)
class _Source:
    """A body as it came: the field it came in, the text beside a page, how to read it."""

    field: str
    value: Any
    text: str | None
    language: str
    strict: bool


def _compiled(source: _Source) -> Body:
    if isinstance(source.value, str):  # as its author sees it, so that line and column are right
        merge.check(source.value, where=source.field, strict=source.strict)
    values = _of_html(source) if source.field == "html" else _of_document(source)
    text_field = source.field if source.text is None else "text"
    merge.check(values["plain_text"], where=text_field, strict=source.strict)
    merge.check(values["html"], where=source.field, strict=source.strict)
    document = values["document"]
    return Body(source.field, documents.flags(document) if document else _RAW_HTML, values)


def _of_document(source: _Source) -> dict[str, Any]:
    if source.field == "content":
        markdown.check_length(source.value)
        document = markdown.from_markdown(source.value)
    else:
        document = documents.validate_document(source.value)
    return {
        "kind": "document",
        "document": document,
        "markdown": markdown.to_markdown(document),
        "html": pages.render_document(document, preheader=None, language=source.language),
        "plain_text": plain_text.from_document(document, language=source.language),
    }


def _of_html(source: _Source) -> dict[str, Any]:
    if len(source.value) > HTML_LENGTH_MAX:
        raise InvalidInput.field("html", f"At most {HTML_LENGTH_MAX} characters.")
    prepared = pages.prepare_html(source.value)
    return {
        "kind": "html",
        "document": None,
        "markdown": None,
        "html": prepared,
        "plain_text": plain_text.from_html(prepared) if source.text is None else source.text,
    }


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
