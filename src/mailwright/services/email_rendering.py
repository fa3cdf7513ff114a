"""A single mail's row as a content to compile and the values to fill it with.

The engine, the page in a browser and the picture of a sent mail all come here: they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.email_stream import Stream
from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens
from mailwright.mail import headers, merge
from mailwright.mail.extra_headers import folded
from mailwright.mail.merge_names import ALIASES, ROOTS
from mailwright.mail.message import MailContent, Recipient
from mailwright.store.rows import Row
from mailwright.store.single_batches import NO_CAMPAIGN

_FEEDBACK_SENDER_LENGTH = 12
_FEEDBACK_SINGLE = "single"  # first field of Feedback-ID: the mail is one of no campaign

#: All of the row that the compiled content depends on, beside the stored content itself.
_COMPILED_WITH = (
    "tenant_id",
    "content_id",
    "stream",
    "from_email",
    "from_name",
    "reply_to",
    "list_id",
    "list_name",
    "postal_address",
    "track_opens",
    "track_clicks",
    "track_text_clicks",
)


def compile_key(row: Row) -> tuple[object, ...]:
    """Mails with the same key are written from the same compiled content."""
    return tuple(row[name] for name in _COMPILED_WITH)


def sender_domain(row: Row) -> str:
    """The domain the mail is sent in the name of, in A-label form."""
    return EmailAddress.parse(row["from_email"]).key.rpartition("@")[2]


def mail_content(keys: Keys, row: Row, content: Row) -> MailContent:
    """The content of a row of `store.single_mails` and its row of `email_contents`.

    Marketing carries a way out in headers and body, as a campaign's mail does (OUT-10 to OUT-13).
    """
    is_marketing = row["stream"] == Stream.MARKETING
    return MailContent(
        subject=content["subject"],
        from_name=row["from_name"],
        from_email=row["from_email"],
        text=content["plain_text"],
        html=content["html"],
        preheader=content["preheader"],
        reply_to=row["reply_to"],
        language=content["language"],
        tracking_opens=row["track_opens"],
        tracking_clicks=row["track_clicks"],
        tracking_text_clicks=row["track_text_clicks"],
        marketing=is_marketing,
        postal_address=row["postal_address"],
        list_id=_list_id(row) if is_marketing else None,
        feedback_id=_feedback_id(keys, row) if is_marketing else None,
        charset=content["charset"],
    )


def values_of(row: Row, fallbacks: Mapping[str, str]) -> dict[str, Any]:
    """The namespace of one mail: its contact's fields, over them a fallback or its data.

    A name of a contact's field in `data` (`first_name`, `firstName`) stands for that field; what is
    ours (`contact`, `unsubscribeUrl`) it cannot take the place of.
    """
    contact = {
        name: row[f"contact_{name}"]
        for name in ("first_name", "last_name", "locale", "phone", "external_id", "country_code")
    }
    attributes: Mapping[str, Any] = row["contact_attributes"] or {}
    data: Mapping[str, Any] = row["data"]
    given = {
        ALIASES[name][1]: value
        for name, value in data.items()
        if name in ALIASES and ALIASES[name][0] == "contact" and value not in (None, "")
    }
    reader = {**contact, **given, "email": row["email"], "attributes": attributes}
    return {
        **merge.values_for(reader, {}),
        **{name: words for name, words in fallbacks.items() if not attributes.get(name)},
        **{
            name: value
            for name, value in data.items()
            if name not in ROOTS and not name.startswith("__") and value not in (None, "")
        },
    }


@dataclass(frozen=True, slots=True)
class Addressed:
    """A row of the ledger and the links that lead back to it."""

    tokens: Tokens
    row: Row
    base_url: str

    @property
    def key(self) -> tuple[int, int]:
        """Tenant and row."""
        return self.row["tenant_id"], self.row["message_id"]

    @property
    def header_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return self.tokens.message_id(*self.key, sender_domain(self.row))

    @property
    def boundary(self) -> str:
        """For its parts: the same whenever the mail is written."""
        return f"=_{self.header_id[1:33]}"

    def recipient(self, now: datetime, fallbacks: Mapping[str, str]) -> Recipient:
        """What is this one mail's own; links and pixel are tracked where the row says so."""
        row, key = self.row, self.key
        person = {"contact_id": row["contact_id"] or 0, "campaign_id": NO_CAMPAIGN}

        def link_url(number: int, address: str) -> str:
            return self._url("c", self.tokens.click(*key, number, address))

        return Recipient(
            email=row["email"],
            display_name=row["to_name"],
            values=values_of(row, fallbacks),
            message_id=self.header_id,
            date=now,
            unsubscribe_url=self._url("u", self.tokens.unsubscribe(*key, **person)),
            view_url=self._url("v", self.tokens.view(*key, **person)),
            boundary=self.boundary,
            open_url=self._url("o", self.tokens.open(*key)) if row["track_opens"] else None,
            link_url=link_url if row["track_clicks"] or row["track_text_clicks"] else None,
            extra_headers=folded(row["headers"]),
        )

    def _url(self, kind: str, token: str) -> str:
        return f"{self.base_url}/{kind}/{token}"


def _list_id(row: Row) -> str:
    """Stable per list (OUT-12); who is on none is on the tenant's own."""
    domain = sender_domain(row)
    if row["list_uuid"] is not None:
        return headers.list_id(row["list_name"], row["list_uuid"].hex, domain)
    return headers.list_id(row["tenant_name"], row["tenant_uuid"].hex, domain)


def _feedback_id(keys: Keys, row: Row) -> str:
    return headers.feedback_id(
        _FEEDBACK_SINGLE,
        row["tenant_uuid"].hex,
        row["stream"],
        keys.fingerprint[:_FEEDBACK_SENDER_LENGTH],
    )
