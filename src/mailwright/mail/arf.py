"""Complaint feedback reports (RFC 5965), as mailbox providers send them for "this is spam".

Providers black out addresses, so nothing here relies on one: who complained is told by our own
tokens in the headers of the mail that came back.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailwright.mail.dsn import returned_headers
from mailwright.mail.mime_parts import Fields, Part, first, read_groups


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """A report. `kind`: its Feedback-Type in lower case; `returned`: headers of our mail."""

    kind: str
    user_agent: str | None  # the program that made the report
    sender: str | None  # Original-Mail-From: our envelope sender, where it is not blacked out
    returned: Fields


def read_feedback(mail: Part) -> FeedbackReport | None:
    """The report in a mail, or None where there is none."""
    for report in mail.walk():
        for part in report.parts:
            if part.content_type == "message/feedback-report":
                return _feedback(part, report)
    return None


def _feedback(part: Part, report: Part) -> FeedbackReport | None:
    # Some put a blank line between fields; the report is one block all the same.
    fields = tuple(pair for group in read_groups(part.decoded(), groups_max=10) for pair in group)
    kind = first(fields, "feedback-type")
    if kind is None:  # RFC 5965 section 3.1: required
        return None
    return FeedbackReport(
        kind=kind.lower(),
        user_agent=first(fields, "user-agent"),
        sender=(first(fields, "original-mail-from") or "").strip("<> ") or None,
        returned=returned_headers(report.parts),
    )
