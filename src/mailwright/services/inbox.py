"""The built-in inbox: what the transport `capture:` delivers, for looking at.

Mails of concurrent SMTP sessions are stored together, and a session hears its 250 only after the
commit: accepted means stored. Whose mail it is says the envelope sender, which only we can have
made; mail without one belongs to the tenant `default`. It also says which mails open an account,
by a link for a new password: those are for callers who may do everything, and for others not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.scopes import ALL
from mailwright.domain.tokens import MessageRef, Tokens
from mailwright.errors import InvalidInput, NotFound, OperatorError
from mailwright.mail.received import Attachment, glance, html_with_inline_images, read_mail
from mailwright.services import returned_mail
from mailwright.services.caller import Caller
from mailwright.services.group_commit import GroupCommit
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import inbox as store
from mailwright.store.database import Database
from mailwright.store.rows import Row
from mailwright.wire.smtp_listener import CapturedMail

DEFAULT_TENANT = "default"
TRIM_EVERY_MAX = 500  # captured mails between two trims; a trim reads `keep` index entries


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A captured mail in a list."""

    uuid: UUID
    received_at: datetime
    from_header: str
    to_header: str
    recipients: list[str]
    subject: str
    snippet: str
    seen: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class InboxMail:
    """A captured mail, taken apart.

    `headers`: pairs in the mail's order, decoded. `message_id`: the ledger row, 0 for a test mail,
    None for mail that is not ours; with it come campaign and recipient, while they exist.
    """

    uuid: UUID
    received_at: datetime
    envelope_sender: str
    recipients: list[str]
    from_header: str
    to_header: str
    subject: str
    seen: bool
    size_bytes: int
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    links: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    message_id: int | None
    campaign_uuid: UUID | None
    campaign_name: str | None
    recipient_uuid: UUID | None


@dataclass(frozen=True, slots=True)
class InboxPage(Paged[InboxRow]):
    """A page of the inbox; `next_cursor` reads on from its end, None at the last."""

    next_cursor: str | None = None


async def capture(runtime: Runtime, mail: CapturedMail) -> None:
    """Returns when `mail` is stored for good.

    A bounce of a mail of ours, from nobody to its envelope sender, is recorded and not stored.
    """
    if returned_mail.is_returned(runtime, mail):
        await returned_mail.take(runtime, mail)
        return
    capturing = _capturing.get(runtime.database)
    if capturing is None:
        capturing = _capturing.setdefault(runtime.database, _Capturing(runtime))
    await capturing.group.add(capturing.arrived(mail))


async def page_inbox(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    campaign_uuid: UUID | None = None,
    cursor: str | None = None,
) -> InboxPage:
    """Captured mails, newest first; `search` looks in subject, From and To.

    `campaign_uuid` leaves the mails to a campaign's recipients, its tests excluded.

    With `cursor` the page number is ignored: it reads on where another answer ended, however many
    mails came in between. Raises NotFound when the cursor's mail is gone.
    """
    caller.require("inbox:read")
    async with runtime.database.reading() as connection:
        before_id = None
        if cursor is not None:
            before_id = (await _existing(connection, caller, _cursor_uuid(cursor)))["id"]
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            private=_sees_private(caller),
            search=search,
            campaign_uuid=campaign_uuid,
            before_id=before_id,
            limit=page.per_page + 1,
            offset=0 if cursor is not None else page.offset,
        )
    shown = rows[: page.per_page]
    more = len(rows) > page.per_page
    return InboxPage(
        [_row(row) for row in shown], total, page, str(shown[-1]["uuid"]) if more else None
    )


async def get_mail(runtime: Runtime, caller: Caller, mail_uuid: UUID) -> InboxMail:
    """One mail, taken apart. Raises NotFound."""
    caller.require("inbox:read")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, mail_uuid)
    mail = read_mail(row["raw"])
    return InboxMail(
        uuid=row["uuid"],
        received_at=row["received_at"],
        envelope_sender=row["envelope_sender"],
        recipients=row["recipients"],
        from_header=row["from_header"],
        to_header=row["to_header"],
        subject=row["subject"],
        seen=row["seen"],
        size_bytes=row["size_bytes"],
        headers=mail.headers,
        text=mail.text,
        html=mail.html,
        links=mail.links,
        attachments=mail.attachments,
        message_id=row["message_id"],
        campaign_uuid=row["campaign_uuid"],
        campaign_name=row["campaign_name"],
        recipient_uuid=row["contact_uuid"],
    )


async def get_raw(runtime: Runtime, caller: Caller, mail_uuid: UUID) -> bytes:
    """The bytes of a mail as they arrived. Raises NotFound."""
    caller.require("inbox:read")
    async with runtime.database.reading() as connection:
        return (await _existing(connection, caller, mail_uuid))["raw"]


async def get_html(runtime: Runtime, caller: Caller, mail_uuid: UUID) -> str:
    """The HTML of a mail with its pictures in place, for a sandbox. Raises NotFound."""
    html = html_with_inline_images(await get_raw(runtime, caller, mail_uuid))
    if html is None:
        raise NotFound("This mail has no HTML part.")
    return html


async def mark_seen(runtime: Runtime, caller: Caller, mail_uuid: UUID | None) -> None:
    """Marks a mail, or every mail (None), as looked at."""
    caller.require("inbox:read")
    async with runtime.database.transaction() as connection:
        await store.mark_seen(
            connection, caller.tenant_id, mail_uuid, private=_sees_private(caller)
        )


async def count_unseen(runtime: Runtime, caller: Caller) -> int:
    """How many mails nobody has looked at."""
    caller.require("inbox:read")
    async with runtime.database.reading() as connection:
        return await store.count_unseen(connection, caller.tenant_id, private=_sees_private(caller))


async def delete_mail(runtime: Runtime, caller: Caller, mail_uuid: UUID) -> None:
    """The mail is gone. Raises NotFound."""
    caller.require("inbox:write")
    async with runtime.database.transaction() as connection:
        sees = _sees_private(caller)
        if await store.remove(connection, caller.tenant_id, mail_uuid, private=sees) == 0:
            raise _no_such_mail()


async def delete_every_mail(runtime: Runtime, caller: Caller) -> int:
    """The tenant's inbox is empty; returns how many mails there were."""
    caller.require("inbox:write")
    async with runtime.database.transaction() as connection:
        return await store.remove(connection, caller.tenant_id, None, private=_sees_private(caller))


class _Capturing:
    """Turns mails into rows and writes them, many to a commit."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tokens = Tokens(runtime.keys)
        self._default_tenant_id: int | None = None
        self._since_trim: Counter[int] = Counter()
        keep = runtime.settings.inbox_keep
        self._trim_every = max(1, min(TRIM_EVERY_MAX, keep // 10))
        self.group: GroupCommit[_Arrived] = GroupCommit(self._write)

    def arrived(self, mail: CapturedMail) -> _Arrived:
        ref = self._tokens.read_return_path(mail.envelope_sender.partition("@")[0])
        return _Arrived(mail, ref, self._runtime.now())

    async def _write(self, group: Sequence[_Arrived]) -> None:
        async with self._runtime.database.raw() as connection, connection.transaction():
            if self._default_tenant_id is None:
                self._default_tenant_id = await store.tenant_id_of(connection, DEFAULT_TENANT)
            rows = [self._captured(arrived) for arrived in group]
            await store.add(connection, rows)
            self._since_trim.update(row[0] for row in rows)
            for tenant_id, count in tuple(self._since_trim.items()):
                if count >= self._trim_every:
                    await store.trim(connection, tenant_id, self._runtime.settings.inbox_keep)
                    del self._since_trim[tenant_id]

    def _captured(self, arrived: _Arrived) -> store.CapturedRow:
        mail, ref = arrived.mail, arrived.ref
        tenant_id = ref.tenant_id if ref else self._default_tenant_id
        if tenant_id is None:
            raise OperatorError(f"There is no tenant {DEFAULT_TENANT} to take mail in.")
        seen = glance(mail.raw)
        return (
            tenant_id,
            new_id(),
            arrived.at,
            mail.envelope_sender,
            list(mail.recipients),
            ref.message_id if ref else None,
            seen.from_header,
            seen.to_header,
            seen.subject,
            seen.snippet,
            ref is not None and ref.link_number > 0,
            len(mail.raw),
            mail.raw,
        )


@dataclass(frozen=True, slots=True)
class _Arrived:
    mail: CapturedMail
    ref: MessageRef | None
    at: datetime


#: One per database, so that all SMTP sessions of a process meet in the same groups.
_capturing: WeakKeyDictionary[Database, _Capturing] = WeakKeyDictionary()


async def _existing(connection: AsyncConnection, caller: Caller, mail_uuid: UUID) -> Row:
    sees = _sees_private(caller)
    row = await store.get(connection, caller.tenant_id, mail_uuid, private=sees)
    if row is None:
        raise _no_such_mail()
    return row


def _sees_private(caller: Caller) -> bool:
    return ALL in caller.granted


def _no_such_mail() -> NotFound:
    return NotFound("There is no such mail in the inbox.")


def _cursor_uuid(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        raise InvalidInput.field("cursor", "Use a cursor that an earlier answer gave.") from None


def _row(row: Row) -> InboxRow:
    return InboxRow(
        uuid=row["uuid"],
        received_at=row["received_at"],
        from_header=row["from_header"],
        to_header=row["to_header"],
        recipients=row["recipients"],
        subject=row["subject"],
        snippet=row["snippet"],
        seen=row["seen"],
        size_bytes=row["size_bytes"],
    )
