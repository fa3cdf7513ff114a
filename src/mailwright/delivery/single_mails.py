"""Single mails: whatever is due of one project, written each for itself, sent before all bulk."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.delivery import outages
from mailwright.delivery.batch import End, Result
from mailwright.delivery.load import Due, Letter
from mailwright.delivery.pace import Pace
from mailwright.domain.retry_ladder import SINGLE
from mailwright.domain.tokens import Tokens
from mailwright.mail.attachments import Attachment, with_attachments
from mailwright.mail.message import CompiledMail, compile_mail
from mailwright.services import email_rendering as rendering
from mailwright.services.outgoing import Outgoing, outgoing_of
from mailwright.services.runtime import Runtime
from mailwright.store import emails, single_batches, single_mails
from mailwright.store.batches import Lease
from mailwright.store.rows import Row

BATCH_SIZE = 50  # a mail that comes meanwhile waits for so many others at most
KEPT = 256  # compiled contents; the least recently used goes
LARGE_CHARACTERS = 50_000  # compiled in a thread: it would hold the other lanes up


class SingleMails:
    """Claims mails that are due, a project at a time, and knows how to write them."""

    def __init__(self, runtime: Runtime, pace: Pace) -> None:
        self._runtime = runtime
        self._pace = pace
        self._writer = Writer(runtime)
        self._last = 0, 0  # tenant and lane

    async def claim(self, *, worker: str, busy_lanes: Sequence[str]) -> Lease | None:
        """The mails that wait longest in the next lane that has some."""
        async with self._runtime.database.raw() as connection:
            lease = await single_batches.claim(
                connection,
                worker=worker,
                lease_seconds=self._pace.lease_seconds,
                busy_lanes=busy_lanes,
                after=self._last,
                size=BATCH_SIZE,
            )
        if lease is not None:
            self._last = lease.tenant_id, 0 if lease.sandbox else lease.project_id
        return lease

    async def load(self, lease: Lease) -> SingleLoad:
        """The mails; none was in flight, for such batches are claimed once."""
        assert not lease.in_flight
        return SingleLoad(self._runtime, self._writer)

    async def settle(self, lease: Lease, result: Result) -> None:
        """Whatever has no outcome waits again; a transport that refuses us is parked."""
        if result.is_heard:
            await outages.note_success(self._runtime, lease)
        if result.refusal is not None:
            await outages.note_refusal(self._runtime, lease, result.refusal)
        if result.end is not End.LOST:
            wait = self._pace.refused_seconds if result.refusal is not None else 0.0
            await self._release(lease, wait)

    async def give_back(self, lease: Lease) -> None:
        """Whatever has no outcome waits again."""
        await self._release(lease, 0.0)

    async def _release(self, lease: Lease, wait_seconds: float) -> None:
        async with self._runtime.database.raw() as connection:
            await single_batches.release(connection, lease, wait_seconds=wait_seconds)


class SingleLoad:
    """One batch of single mails."""

    is_urgent = True

    def __init__(self, runtime: Runtime, writer: Writer) -> None:
        self.ladder = SINGLE.starting_with(runtime.settings.retry_first_seconds)
        self._runtime = runtime
        self._writer = writer
        self._contents: Mapping[int, Row] = {}
        self._outgoing: dict[str, Outgoing] = {}  # by the domain of From

    async def due(self, connection: AsyncConnection, lease: Lease) -> Sequence[Due]:
        """The mails with their recipients as they are now, the longest waiting first."""
        rows = await single_mails.due(connection, lease)
        wanted = {row["content_id"] for row in rows if not self._writer.knows(row)}
        if wanted:
            self._contents = await single_mails.contents(
                connection, lease.tenant_id, sorted(wanted)
            )
        for domain in {rendering.sender_domain(row) for row in rows}:
            self._outgoing[domain] = await outgoing_of(
                self._runtime, connection, lease.tenant_id, domain
            )
        return [_due(row) for row in rows]

    async def gone(
        self, connection: AsyncConnection, lease: Lease, waiting: Sequence[Due]
    ) -> Mapping[int, str] | None:
        """Who was suppressed or left a moment ago."""
        return await single_mails.no_longer_mailable(
            connection, lease, [due.message_id for due in waiting]
        )

    async def letter(self, due: Due) -> Letter:
        """The mail, with its files."""
        outgoing = self._outgoing[rendering.sender_domain(due.row)]
        return await self._writer.letter(due, outgoing, self._contents.get(due.row["content_id"]))


class Writer:
    """Writes single mails, from contents it has compiled before where it can."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tokens = Tokens(runtime.keys)
        self._kept: OrderedDict[tuple[object, ...], tuple[CompiledMail, Row]] = OrderedDict()

    def knows(self, row: Row) -> bool:
        """Whether the mail's content is compiled."""
        return rendering.compile_key(row) in self._kept

    async def letter(self, due: Due, outgoing: Outgoing, content: Row | None) -> Letter:
        """The mail. Raises InvalidInput where content or data cannot stand in one.

        Envelope sender and Message-ID come from the ledger row: a mail sent again has the same.
        """
        row = due.row
        compiled, content = await self._compiled(row, content)
        addressed = rendering.Addressed(self._tokens, row, outgoing.base_url)
        now = self._runtime.now()
        raw = compiled.render(addressed.recipient(now, content["fallbacks"]))
        if row["attachment_count"]:
            files = await self._files(row["tenant_id"], due.message_id)
            raw = with_attachments(raw, files, boundary=addressed.boundary)
        return_path = self._tokens.return_path(row["tenant_id"], due.message_id)
        envelope_sender = f"{return_path}@{outgoing.envelope_domain}"
        return Letter(envelope_sender, due.recipient, outgoing.signed(raw, now))

    async def _compiled(self, row: Row, content: Row | None) -> tuple[CompiledMail, Row]:
        key = rendering.compile_key(row)
        found = self._kept.get(key)
        if found is None:
            if content is None:  # compiled when the batch began, and forgotten since
                content = await self._content(row)
            mail = rendering.mail_content(self._runtime.keys, row, content)
            if len(mail.html or "") > LARGE_CHARACTERS:
                found = await asyncio.to_thread(compile_mail, mail), content
            else:
                found = compile_mail(mail), content
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def _content(self, row: Row) -> Row:
        async with self._runtime.database.reading() as connection:
            found = await single_mails.contents(connection, row["tenant_id"], [row["content_id"]])
        return found[row["content_id"]]

    async def _files(self, tenant_id: int, message_id: int) -> list[Attachment]:
        async with self._runtime.database.reading() as connection:
            rows = await emails.attachments(connection, tenant_id, message_id)
        return [
            Attachment(row["name"], row["content_type"], row["body"], row["content_id"])
            for row in rows
        ]


def _due(row: Row) -> Due:
    left = row["seconds_left"]
    return Due(
        message_id=row["message_id"],
        attempts=row["attempts"],
        possibly_repeated=row["possibly_repeated"],
        skip_reason=row["skip_reason"],
        row=row,
        at_most_once=row["at_most_once"],
        expires_at=None if left is None else time.monotonic() + float(left),
    )
