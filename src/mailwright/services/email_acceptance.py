"""How a single mail is accepted: what it names is looked up, then it is written down with others.

Calls that come together share a statement (`group_commit`): the quota of a tenant is taken once
for all of them, and one flush to disk makes all of them durable. Each is answered for itself, after
the commit; one over the quota does not hold the others back.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from mailwright.domain.email_stream import Stream
from mailwright.domain.forgotten import forgotten_key
from mailwright.errors import InvalidInput
from mailwright.services import email_recipients, outgoing, quota
from mailwright.services.caller import Caller
from mailwright.services.email_contents import Said, content_of
from mailwright.services.email_fields import CheckedEmail
from mailwright.services.email_views import EmailView, full_view
from mailwright.services.group_commit import GroupCommit
from mailwright.services.runtime import Runtime
from mailwright.store import email_acceptance as store
from mailwright.store.database import Connection, Database
from mailwright.store.email_acceptance import NewMail, Written
from mailwright.store.email_lookup import Named, look_up
from mailwright.store.job_queue import Waker
from mailwright.store.rows import Row

INBOX_LANE = 0
CONTENTS_KEPT = 2_000  # ids of contents that a process remembers

_Contents = dict[tuple[int, bytes], int]  # their ids, by tenant and digest


async def accept(runtime: Runtime, caller: Caller, checked: CheckedEmail) -> EmailView:
    """The mail, written down. Raises what `emails.submit` raises."""
    named = Named(
        checked.to.key,
        forgotten_key(runtime.keys, caller.tenant_id, checked.to.key),
        checked.asked.sender,
        checked.from_key,
        checked.asked.project,
        checked.asked.list,
    )
    async with runtime.database.raw() as connection:
        found = await look_up(connection, caller.tenant_id, named)
    sandbox = caller.sandbox or checked.asked.sandbox
    _check_found(runtime, checked, found, sandbox=sandbox)
    email_recipients.check_recipient(checked, found)
    said = await content_of(runtime, caller, checked, locale=found["contact_locale"])
    item = _Item(caller, checked, found, said, sandbox)
    await _acceptance(runtime).group.add(item)
    if item.refusal is not None:
        raise item.refusal
    return full_view(runtime, _as_row(item))


@dataclass(slots=True)
class _Item:
    """A mail on its way into the ledger. `refusal`: why it is not there in the end."""

    caller: Caller
    checked: CheckedEmail
    found: Row
    said: Said
    sandbox: bool
    refusal: Exception | None = None
    mail: NewMail | None = None
    written: Written | None = None

    @property
    def content_key(self) -> tuple[int, bytes]:
        return self.caller.tenant_id, self.said.content.digest


def _check_found(runtime: Runtime, checked: CheckedEmail, found: Row, *, sandbox: bool) -> None:
    """Raises InvalidInput for what is not there, NotReady for a sender who may not send."""
    asked = checked.asked
    if found["project_id"] is None:
        raise InvalidInput.field("project", "There is no such project in this account.")
    if asked.list is not None and found["list_id"] is None:
        raise InvalidInput.field("list", "There is no such list in this account.")
    field_name = "from_email" if asked.sender is None and asked.from_email else "sender"
    if found["sender_id"] is None:
        by_default = asked.sender is None and asked.from_email is None
        why = "Create a sender first." if by_default else "There is no such sender in this account."
        raise InvalidInput.field(field_name, why)
    problem = outgoing.problem_of(
        runtime,
        found["sender_email"],
        confirmed=found["sender_confirmed_at"] is not None,
        enabled=found["sender_enabled"],
        sandbox=sandbox,
        smtp_url_sealed=found["smtp_url_sealed"],
        checks=found["domain_checks"],
    )
    if problem is not None:
        raise problem.error()
    if checked.from_key is not None and checked.from_key != found["sender_key"]:
        raise InvalidInput.field("from_email", "This is not the address of the sender.")


@dataclass(slots=True)
class _Acceptance:
    """What a process remembers to accept mails of one database quickly."""

    runtime: Runtime
    waker: Waker
    contents: OrderedDict[tuple[int, bytes], int] = field(
        default_factory=OrderedDict[tuple[int, bytes], int]
    )
    group: GroupCommit[_Item] = field(init=False)

    def __post_init__(self) -> None:
        self.group = GroupCommit(self.write)

    async def write(self, items: Sequence[_Item]) -> None:
        """Writes a group down and wakes the workers; who is over the quota is refused."""
        async with self.runtime.database.raw() as connection:
            known = await self._contents(connection, items)
            alone = [item for item in items if _is_one_row(item)]
            if alone:
                await self._write(connection, alone, known)
            self._remember(known)
            left = [item for item in items if item.written is None]
            if left:
                await self._write_the_rest(connection, left)
        self.waker.wake()

    async def _write_the_rest(self, connection: Connection, items: Sequence[_Item]) -> None:
        """What goes wrong here is theirs alone: the rest of the group is written down already."""
        try:
            async with connection.transaction():
                self._forget(items)
                contents = await self._contents(connection, items)
                await self._write_what_fits(connection, items, contents)
        except Exception as error:  # raised to each caller
            for item in items:
                item.refusal = error

    async def _write_what_fits(
        self, connection: Connection, items: Sequence[_Item], contents: _Contents
    ) -> None:
        """As many mails as the tenants' quotas have room for; the others are refused.

        In the order of the tenants, so that two processes never wait for each other.
        """
        month = quota.month_of(self.runtime.now())
        for tenant_id in sorted({item.caller.tenant_id for item in items}):
            mine = [item for item in items if item.caller.tenant_id == tenant_id]
            counted = [item for item in mine if not item.sandbox]
            taken, limit = await store.hold_quota(connection, tenant_id, month)
            room = quota.room_for_singles(limit, taken)
            granted = len(counted) if room is None else min(room, len(counted))
            for item in counted[granted:]:
                item.refusal = quota.exceeded(month, limit, taken + granted)
            fitting = [item for item in mine if item.refusal is None]
            if fitting:
                await self._write(connection, fitting, contents)

    async def _contents(self, connection: Connection, items: Sequence[_Item]) -> _Contents:
        """The ids of what they say; new contents are written down, in one order for everybody."""
        wanted = {item.content_key: item.said.content for item in items}
        known = {key: self.contents[key] for key in wanted if key in self.contents}
        for key in sorted(wanted.keys() - known.keys()):
            content_id = None
            while content_id is None:  # once more when somebody else wrote it a moment ago
                content_id = await store.content_id(connection, key[0], wanted[key])
            known[key] = content_id
        return known

    async def _write(
        self, connection: Connection, items: Sequence[_Item], contents: _Contents
    ) -> None:
        """Writes all of a tenant's mails down, or none where the quota has no room for all.

        Nor one whose content is not what it was, for somebody was erased.
        """
        for item in items:
            contact_id = await email_recipients.contact_id(
                connection, item.caller, item.checked, item.found
            )
            item.mail = _mail(item, contact_id, contents[item.content_key])
        written = await store.write_down(
            connection,
            [cast("NewMail", item.mail) for item in items],
            quota.month_of(self.runtime.now()),
            quota_percentage=quota.GRACE_PERCENTAGE,
        )
        for item, what in zip(items, written, strict=True):
            item.written = what
            if what is not None and item.checked.asked.attachments:
                await store.attach(
                    connection,
                    item.caller.tenant_id,
                    what.message_id,
                    (
                        (each.name, each.content_type, each.content_id, each.body)
                        for each in item.checked.asked.attachments
                    ),
                )

    def _forget(self, items: Sequence[_Item]) -> None:
        for item in items:
            self.contents.pop(item.content_key, None)

    def _remember(self, known: _Contents) -> None:
        self.contents.update(known)
        while len(self.contents) > CONTENTS_KEPT:
            self.contents.popitem(last=False)


_acceptances: WeakKeyDictionary[Database, _Acceptance] = WeakKeyDictionary()


def _acceptance(runtime: Runtime) -> _Acceptance:
    found = _acceptances.get(runtime.database)
    if found is None:
        found = _acceptances[runtime.database] = _Acceptance(runtime, Waker(runtime.database))
    return found


def _is_one_row(item: _Item) -> bool:
    """Whether nothing is written beside the mail: no file, and nobody who joins a list."""
    return not item.checked.asked.attachments and item.checked.asked.stream is not Stream.MARKETING


def _mail(item: _Item, contact_id: int | None, content_id: int) -> NewMail:
    checked, asked, found = item.checked, item.checked.asked, item.found
    return NewMail(
        tenant_id=item.caller.tenant_id,
        is_free=item.sandbox,
        contact_id=contact_id,
        lane=INBOX_LANE if item.sandbox else found["project_id"],
        email=checked.to.text,
        uuid=uuid.uuid4(),
        stream=asked.stream,
        email_key=checked.to.key,
        to_name=asked.to_name or None,
        content_id=content_id,
        content_digest=item.said.content.digest,
        template_version_id=item.said.version_id,
        project_id=found["project_id"],
        sender_id=found["sender_id"],
        from_name=asked.from_name or found["sender_name"],
        from_email=found["sender_email"],
        reply_to=checked.reply_to or found["sender_reply_to"],
        list_id=found["list_id"],
        data=dict(asked.data),
        headers=checked.headers,
        tags=checked.tags,
        metadata=dict(asked.metadata),
        attachment_count=len(asked.attachments),
        track_opens=checked.track_opens,
        track_clicks=checked.track_clicks,
        track_text_clicks=asked.track_text_clicks,
        at_most_once=asked.at_most_once,
        scheduled_at=checked.scheduled_at,
        expires_at=asked.expires_at,
        door=item.caller.door.value,
    )


def _as_row(item: _Item) -> Row:
    """The mail as `store.emails.get` would read it back."""
    mail, found, told = item.mail, item.found, item.written
    assert mail is not None
    assert told is not None
    written = {name: getattr(mail, name) for name in NewMail.__slots__}
    never = ("sent_at", "bounced_at", "opened_at", "clicked_at", "complained_at", "unsubscribed_at")
    return {
        **written,
        **dict.fromkeys(never),
        "message_id": told.message_id,
        "subject": item.said.content.subject,
        "encoding": item.said.content.charset,
        "state": "queued",
        "reason": None,
        "reply": None,
        "attempts": 0,
        "possibly_repeated": False,
        "created_at": told.at,
        "next_attempt_at": mail.scheduled_at or told.at,
        "sender_uuid": found["sender_uuid"],
        "project_uuid": found["project_uuid"],
        "list_uuid": found["list_uuid"],
        "contact_uuid": found["contact_uuid"],
        "template_version_uuid": item.said.version_uuid,
        "stream": Stream(mail.stream),
    }
