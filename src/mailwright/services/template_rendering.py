"""A version's text as somebody would read it, to look at or to send as a single mail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mailwright.domain.sample_person import sample_person
from mailwright.errors import NotFound
from mailwright.mail import html as pages
from mailwright.mail import merge
from mailwright.mail.merge_names import ROOTS
from mailwright.services import template_versions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import DEFAULT_LANGUAGE
from mailwright.store import contacts
from mailwright.store.rows import Row

#: Links of a preview lead nowhere: it is nobody's mail.
_BUILTINS = {"unsubscribeUrl": "#", "viewInBrowserUrl": "#"}


@dataclass(frozen=True, slots=True)
class RenderedVersion:
    """A version with its merge tags filled in; null while there is no subject or body."""

    subject: str | None
    preheader: str | None
    html: str | None
    text: str | None


async def render_version(
    runtime: Runtime,
    caller: Caller,
    template_uuid: UUID | None,
    version_uuid: UUID,
    *,
    data: Mapping[str, Any] | None = None,
    contact_uuid: UUID | None = None,
    sanitize: bool = True,
) -> RenderedVersion:
    """The version with `data` for its variables, for a contact or a sample person.

    `template_uuid`: None for a version of whichever template. `sanitize`: the HTML is
    safe to show inside another page. Raises NotFound, InvalidInput.
    """
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        version = await template_versions.existing(connection, caller, template_uuid, version_uuid)
        reader: Mapping[str, Any] | None = None
        if contact_uuid is not None:
            caller.require("contacts:read")
            reader = await contacts.get(connection, caller.tenant_id, contact_uuid)
            if reader is None:
                raise NotFound("There is no such contact.")
    spoken = version["locale"] or version["default_locale"] or DEFAULT_LANGUAGE
    values = values_with(version, reader or sample_person(spoken), data or {}, _BUILTINS)
    return await asyncio.to_thread(_rendered, version, values, sanitize=sanitize)


def values_with(
    version: Row, reader: Mapping[str, Any], data: Mapping[str, Any], builtins: Mapping[str, str]
) -> dict[str, Any]:
    """The namespace of one mail: the reader's fields, and over them `data` or a fallback.

    `data` cannot take the place of what is ours (`contact`, `unsubscribeUrl`).
    """
    values = dict(merge.values_for(reader, builtins))
    attributes: Mapping[str, Any] = reader.get("attributes") or {}
    for variable in version["variables"]:
        name, fallback = variable["name"], variable["fallback"]
        if fallback is not None and name not in ROOTS and not attributes.get(name):
            values[name] = fallback
    return values | {
        name: value
        for name, value in data.items()
        if name not in ROOTS and not name.startswith("__") and value not in (None, "")
    }


def _rendered(version: Row, values: Mapping[str, Any], *, sanitize: bool) -> RenderedVersion:
    html = version["html"]
    if html is not None:
        html = _filled(pages.with_preheader(html, version["preheader"]), "html", values)
    return RenderedVersion(
        subject=_filled(version["subject"], "header", values),
        preheader=_filled(version["preheader"], "text", values),
        html=pages.sanitize_preview(html) if html is not None and sanitize else html,
        text=_filled(version["plain_text"], "text", values),
    )


def _filled(source: str | None, escape: merge.Escape, values: Mapping[str, Any]) -> str | None:
    if source is None:
        return None
    return merge.compile_template(source, escape=escape).render(values)
