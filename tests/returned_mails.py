"""Mail that comes back, in the form in which real servers send it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

_SENT = datetime(2026, 5, 29, 12, 0, tzinfo=UTC)

DIAGNOSTIC = "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown"


def dsn(
    to: str,
    recipient: str,
    *,
    status: str | None = "5.1.1",
    diagnostic: str | None = DIAGNOSTIC,
    action: str = "failed",
    original: str | None = None,
    returned: str = "",
    headers: str = "",
) -> bytes:
    """A delivery status notification as Postfix writes it; `returned`: headers of our mail."""
    about = [
        f"Final-Recipient: rfc822; {recipient}",
        f"Original-Recipient: rfc822;{original}" if original else "",
        f"Action: {action}",
        f"Status: {status}" if status else "",
        "Remote-MTA: dns; mx.example.org",
        f"Diagnostic-Code: smtp; {diagnostic}" if diagnostic else "",
    ]
    lines = [
        "Return-Path: <>",
        f"Date: {format_datetime(_SENT)}",
        "From: MAILER-DAEMON@relay.example.net (Mail Delivery System)",
        "Subject: Undelivered Mail Returned to Sender",
        f"To: {to}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        '\tboundary="9D3A1C0B.1464537600/relay.example.net"',
        *([headers] if headers else []),
        "",
        "This is a MIME-encapsulated message.",
        "",
        "--9D3A1C0B.1464537600/relay.example.net",
        "Content-Description: Notification",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "I'm sorry to have to inform you that your message could not",
        "be delivered to one or more recipients.",
        "",
        "--9D3A1C0B.1464537600/relay.example.net",
        "Content-Description: Delivery report",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example.net",
        "X-Postfix-Queue-ID: 9D3A1C0B",
        f"Arrival-Date: {format_datetime(_SENT)}",
        "",
        *(line for line in about if line),
        "",
        "--9D3A1C0B.1464537600/relay.example.net",
        "Content-Description: Undelivered Message Headers",
        "Content-Type: text/rfc822-headers",
        "",
        returned,
        "",
        "--9D3A1C0B.1464537600/relay.example.net--",
        "",
    ]
    return "\r\n".join(lines).encode()


def complaint(
    returned: str, *, feedback: str = "abuse", sender: str | None = None, to: str = "fbl@acme.test"
) -> bytes:
    """A feedback report with the recipient blacked out; `returned`: the headers of our mail."""
    lines = [
        "From: feedbackloop@provider.example",
        f"To: {to}",
        "Subject: FW: News",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="part"',
        "",
        "--part",
        'Content-Type: text/plain; charset="US-ASCII"',
        "",
        "This is an email abuse report for an email message received.",
        "",
        "--part",
        "Content-Type: message/feedback-report",
        "",
        f"Feedback-Type: {feedback}",
        "User-Agent: Provider-FBL/1.0",
        "Version: 1",
        *([f"Original-Mail-From: <{sender}>"] if sender else []),
        "Original-Rcpt-To: redacted@provider.example",
        "",
        "--part",
        "Content-Type: message/rfc822",
        "Content-Disposition: inline",
        "",
        returned,
        "",
        "Hello there.",
        "--part--",
        "",
    ]
    return "\r\n".join(lines).encode()


def auto_reply(to: str, **headers: str) -> bytes:
    """Somebody's answering machine (RFC 3834)."""
    mail = EmailMessage()
    mail["From"] = "ada@example.org"
    mail["To"] = to
    mail["Subject"] = "Away until Monday"
    for name, value in (headers or {"Auto_Submitted": "auto-replied"}).items():
        mail[name.replace("_", "-")] = value
    mail.set_content("I am away.")
    return mail.as_bytes()
