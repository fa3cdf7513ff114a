"""What a single mail says: words of its own, or those of a published template version.

Mails that say the same share one content, known by its digest; what differs is their data.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from mailwright.errors import InvalidInput
from mailwright.mail import merge
from mailwright.mail.merge_names import ROOTS
from mailwright.services import template_routing
from mailwright.services.caller import Caller
from mailwright.services.email_fields import CheckedEmail
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import DEFAULT_LANGUAGE
from mailwright.store.email_acceptance import ContentRow
from mailwright.store.rows import Row

_PARTS: tuple[tuple[str, merge.Escape], ...] = (
    ("subject", "header"),
    ("preheader", "text"),
    ("html", "html"),
    ("text", "text"),
)

#: Digests of contents whose merge tags are right: the same is sent thousands of times.
_in_order: OrderedDict[bytes, None] = OrderedDict()
IN_ORDER_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """A content, and the template version it was taken from."""

    content: ContentRow
    version_id: int | None = None
    version_uuid: UUID | None = None


async def content_of(
    runtime: Runtime, caller: Caller, checked: CheckedEmail, *, locale: str | None
) -> Said:
    """What the mail says. `locale`: of its reader, for a template named by its slug.

    Raises InvalidInput for a broken merge tag, with its place, NotFound or NotReady for a template.
    """
    if not checked.is_templated:
        return Said(_own_content(checked))
    asked = checked.asked
    async with runtime.database.reading() as connection:
        version = await template_routing.published_version(
            connection,
            caller.tenant_id,
            version_uuid=asked.template_version_uuid,
            slug=asked.template,
            locale=asked.locale or (locale if asked.template is not None else None),
        )
    return Said(_content_from(checked, version), version["id"], version["uuid"])


def _own_content(checked: CheckedEmail) -> ContentRow:
    asked = checked.asked
    content = _row(
        checked,
        subject=asked.subject,
        preheader=asked.preheader,
        html=asked.html if (asked.html or "").strip() else None,
        plain_text=asked.text or "",
        language=checked.language or DEFAULT_LANGUAGE,
        fallbacks=dict(asked.fallbacks),
    )
    if content.digest not in _in_order:
        _check_tags(checked)
        _in_order[content.digest] = None
        while len(_in_order) > IN_ORDER_KEPT:
            _in_order.popitem(last=False)
    return content


def _check_tags(checked: CheckedEmail) -> None:
    for name, escape in _PARTS:
        source: str | None = getattr(checked.asked, name)
        if source:
            merge.check(source, where=name, strict=False)
            merge.compile_template(source, escape=escape)


def _content_from(checked: CheckedEmail, version: Row) -> ContentRow:
    asked = checked.asked
    subject = asked.subject or version["subject"]
    if not (subject or "").strip():
        raise InvalidInput.field("subject", "The template has no subject; give one.")
    if asked.subject:
        merge.check(asked.subject, where="subject", strict=False)
    return _row(
        checked,
        subject=subject,
        preheader=asked.preheader or version["preheader"],
        html=version["html"],
        plain_text=version["plain_text"] or "",
        language=checked.language
        or version["locale"]
        or version["default_locale"]
        or DEFAULT_LANGUAGE,
        fallbacks={
            variable["name"]: variable["fallback"]
            for variable in version["variables"]
            if variable["fallback"] is not None and variable["name"] not in ROOTS
        },
    )


def _row(checked: CheckedEmail, **words: Any) -> ContentRow:
    said: dict[str, Any] = {**words, "charset": checked.encoding}
    digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()
    return ContentRow(digest=digest, **said)
