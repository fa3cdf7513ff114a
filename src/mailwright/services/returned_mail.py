"""Returned mail over SMTP: the doors by which mail servers hand bounces and complaints over.

Nothing is relayed and nothing stored but what a report says: the server takes mail to the envelope
senders of our own mails, and, for complaints, whose reports go where the provider was told, to the
mailboxes of `COMPLAINT_MAILBOXES` at any domain.
"""

from __future__ import annotations

import structlog

from mailwright.services import inbound
from mailwright.services.runtime import Runtime
from mailwright.wire.smtp_listener import (
    CapturedMail,
    Dialogue,
    Handler,
    ListenerLimits,
    SessionFacts,
    SmtpListener,
)
from mailwright.wire.smtp_reply import Reply

log = structlog.get_logger()

#: RFC 6650 section 5 leaves the name to whoever signs up for a feedback loop.
COMPLAINT_MAILBOXES = frozenset({"abuse", "complaints", "fbl"})
_NOBODY_HERE = Reply.of(550, "5.1.1 This takes returned mail only, at its own addresses")


def is_returned(runtime: Runtime, mail: CapturedMail) -> bool:
    """Whether a mail comes from nobody (RFC 5321 section 4.5.5) to a mail of ours."""
    return not mail.envelope_sender and any(
        inbound.is_return_path(runtime, recipient) for recipient in mail.recipients
    )


async def take(runtime: Runtime, mail: CapturedMail) -> None:
    """Records what came back. Returns when that is committed."""
    view = await inbound.take_returned(runtime, mail.raw, mail.recipients)
    log.info("returned_mail_taken", kind=view.kind, outcome=view.outcome)


def returned_mail_listener(runtime: Runtime) -> SmtpListener:
    """The SMTP server of MAILWRIGHT_RETURNED_MAIL_ADDRESS, not yet started."""

    async def handler(mail: CapturedMail) -> None:
        await take(runtime, mail)

    return SmtpListener(handler, dialogue=lambda handle: _Returns(handle, runtime))


class _Returns(Dialogue):
    """Says no to every recipient that is neither a mail of ours nor a complaint's mailbox."""

    def __init__(self, handler: Handler, runtime: Runtime) -> None:
        super().__init__(handler)
        self._runtime = runtime

    def extensions(self, limits: ListenerLimits) -> tuple[str, ...]:
        return tuple(line for line in super().extensions(limits) if not line.startswith("AUTH"))

    async def rcpt(self, session: SessionFacts, recipient: str) -> Reply:
        mailbox = recipient.rpartition("@")[0].lower()
        if mailbox in COMPLAINT_MAILBOXES or inbound.is_return_path(self._runtime, recipient):
            return await super().rcpt(session, recipient)
        return _NOBODY_HERE
