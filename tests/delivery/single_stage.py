"""A tenant that sends single mails, a mail server and workers."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from mailwright.delivery import worker
from mailwright.delivery.pace import Pace
from mailwright.services import email_log, emails
from mailwright.services.caller import Caller
from mailwright.services.email_log import LogQuery
from mailwright.services.emails import EmailView, NewEmail
from mailwright.services.runtime import Runtime, utc_now
from mailwright.store.rows import Row, every
from mailwright.store.tables import messages
from tests.builders import MadeTenant, make_list, make_sender
from tests.delivery.stage import FAST
from tests.smtp_sink import SmtpSink


@dataclass(frozen=True)
class SingleStage:
    """Accepts mails and looks at what became of them."""

    runtime: Runtime
    tenant: MadeTenant
    caller: Caller
    sink: SmtpSink
    list_id: int

    async def submit(self, to: str = "ada@example.org", **fields: Any) -> EmailView:
        values: dict[str, Any] = {"subject": "Hello", "html": "<p>Hello there.</p>"} | fields
        return await emails.submit(self.runtime, self.caller, NewEmail(to, **values))

    async def read(self, mail: EmailView) -> EmailView:
        return await emails.get_email(self.runtime, self.caller, mail.uuid)

    async def ledger(self) -> dict[str, Row]:
        """The rows by address."""
        async with self.runtime.database.reading() as connection:
            return {row["email"]: row for row in await every(connection, select(messages))}

    async def events(self, mail: EmailView) -> list[str]:
        """What the log has of it, in its order."""
        query = LogQuery(email_uuid=mail.uuid)
        found = await email_log.page_log(
            self.runtime, self.caller, query, per_page=100, oldest_first=True
        )
        return [event.kind.value for event in found.items]

    async def until_status(
        self, mail: EmailView, *statuses: str, seconds: float = 10.0
    ) -> EmailView:
        """The mail, as soon as it stands there."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.read(mail)
                if found.status in statuses:
                    return found
                await asyncio.sleep(0.01)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits until the condition holds."""
        async with asyncio.timeout(seconds):
            while True:
                if condition():
                    return
                await asyncio.sleep(0.01)

    def received(self, to: str) -> EmailMessage:
        """The one mail that arrived there, parsed by the standard library."""
        [mail] = [mail for mail in self.sink.mails if list(mail.recipients) == [to]]
        return email.message_from_bytes(mail.raw, policy=email.policy.default)

    @asynccontextmanager
    async def working(self, pace: Pace = FAST) -> AsyncGenerator[asyncio.Event]:
        """A worker runs as long as the block, or until the event it gives is set."""
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(self.runtime, stop=stop, pace=pace))
        try:
            yield stop
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await task


@asynccontextmanager
async def set_single_stage(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, *, url: str = "", **more: Any
) -> AsyncGenerator[SingleStage]:
    """A sender and a list; `url` adds parameters to the transport's. The clock is the real one."""
    async with SmtpSink() as sink:
        smtp_url = f"smtp://127.0.0.1:{sink.transport.port}{url}"
        settings = runtime.settings.model_copy(update={"smtp_url": SecretStr(smtp_url), **more})
        runtime = replace(runtime, settings=settings, now=utc_now)
        await make_sender(runtime.database, tenant.id, "shop@example.com")
        made = await make_list(runtime.database, tenant.id, "Friends")
        yield SingleStage(runtime, tenant, caller, sink, made.id)
