"""Mail that came back: bounces of mail that had been accepted, complaints, automatic answers.

Nobody's word is taken for anything. Which mail it is about says a token that only we can have made
(the envelope sender of each mail, RFC 3464's report is sent to; or the unsubscribe link in the
headers that a complaint returns). What then becomes of that mail: `late_outcomes.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from mailwright.domain.delivery_report import COMPLAINTS
from mailwright.domain.tokens import MessageRef, Tokens
from mailwright.mail.returned import ReturnedMail, read_returned
from mailwright.services import late_outcomes
from mailwright.services.caller import Caller
from mailwright.services.inbound_views import InboundView, Kind, Outcome
from mailwright.services.late_outcomes import Report
from mailwright.services.runtime import Runtime

LARGE_BYTES = 200_000  # read in a thread: it would hold other calls up


async def take_inbound(
    runtime: Runtime, caller: Caller, raw: bytes, *, recipient: str | None = None
) -> InboundView:
    """Reads a returned mail of the caller's tenant and records it. Never fails for what it says.

    `recipient`: the envelope's, where the mail server knows it.
    """
    caller.require("events:write")
    recipients = [recipient] if recipient else []
    return await _take(runtime, raw, recipients, tenant_id=caller.tenant_id)


async def take_returned(runtime: Runtime, raw: bytes, recipients: Sequence[str]) -> InboundView:
    """The same for the installation's own doors: whose mail it was says the token."""
    return await _take(runtime, raw, recipients, tenant_id=None)


def is_return_path(runtime: Runtime, address: str) -> bool:
    """Whether `address` is the envelope sender of a mail of ours."""
    return _of_addresses(Tokens(runtime.keys), [address]) is not None


async def _take(
    runtime: Runtime, raw: bytes, recipients: Sequence[str], *, tenant_id: int | None
) -> InboundView:
    large = len(raw) > LARGE_BYTES
    mail = await asyncio.to_thread(read_returned, raw) if large else read_returned(raw)
    kind = _kind(mail)
    if kind is Kind.UNKNOWN:
        return InboundView(kind, Outcome.IGNORED)
    tokens = Tokens(runtime.keys)
    ref = _ref(tokens, mail, recipients)
    if ref is None or tenant_id not in {None, ref.tenant_id}:
        return InboundView(kind, Outcome.NO_MESSAGE)
    if ref.message_id == 0:
        return InboundView(kind, Outcome.TEST_MAIL)
    report = Report(kind, mail, ref, _confirmed(tokens, mail))
    return await late_outcomes.record(runtime, report)


def _kind(mail: ReturnedMail) -> Kind:
    if mail.feedback is not None:
        return Kind.COMPLAINT if mail.feedback.kind in COMPLAINTS else Kind.UNKNOWN
    if mail.dsn is not None:
        failed = any(recipient.action == "failed" for recipient in mail.dsn.recipients)
        return Kind.BOUNCE if failed else Kind.DELIVERY_REPORT
    return Kind.AUTO_REPLY if mail.is_automatic else Kind.UNKNOWN


def _ref(tokens: Tokens, mail: ReturnedMail, recipients: Sequence[str]) -> MessageRef | None:
    """The row that a token names: for a complaint one in the mail it returns, for the rest the
    address it was sent to, or the envelope sender it quotes."""
    if mail.feedback is None:
        return _of_addresses(tokens, [*recipients, *mail.recipients, *mail.senders])
    left = (tokens.read_unsubscribe(token) for token in mail.unsubscribe_tokens)
    return _of_addresses(tokens, mail.senders) or next((u.message for u in left if u), None)


def _of_addresses(tokens: Tokens, addresses: Iterable[str]) -> MessageRef | None:
    read = (tokens.read_return_path(address.rpartition("@")[0]) for address in addresses)
    return next((ref for ref in read if ref), None)


def _confirmed(tokens: Tokens, mail: ReturnedMail) -> MessageRef | None:
    """The row whose Message-ID stands in what came back."""
    return tokens.read_message_id(mail.message_id) if mail.message_id else None
