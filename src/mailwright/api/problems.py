"""The errors of the native API as its OpenAPI document lists them: code, status, sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """What went wrong: a stable code, one sentence, and details by field where there are any."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class ProblemAnswer(BaseModel):
    """The form of every error."""

    error: Problem


#: Every stable code of the routes that name theirs, with its status and what it means.
CODES: Mapping[str, tuple[int, str]] = {
    "MALFORMED_JSON": (400, "The body is not JSON."),
    "UNAUTHENTICATED": (401, "No valid key."),
    "FORBIDDEN": (403, "The key lacks the scope named in `details`."),
    "RESOURCE_NOT_FOUND": (404, "No such thing in this account."),
    "CAMPAIGN_NOT_EDITABLE": (409, "Only draft, scheduled and failed campaigns are edited."),
    "CAMPAIGN_NOT_DELETABLE": (409, "Only draft, sent, failed, canceled campaigns are deleted."),
    "CAMPAIGN_NOT_SENDABLE": (409, "Only draft, failed and scheduled campaigns are sent."),
    "CAMPAIGN_NOT_UNSCHEDULABLE": (409, "It is not scheduled."),
    "CAMPAIGN_NOT_CANCELABLE": (409, "Only queued, sending and paused campaigns are canceled."),
    "CAMPAIGN_NOT_PAUSABLE": (409, "Only queued and sending campaigns are paused."),
    "CAMPAIGN_NOT_ARCHIVABLE": (409, "Only draft, sent, failed and canceled ones are archived."),
    "CAMPAIGN_NOT_RESUMABLE": (409, "It is not paused."),
    "CAMPAIGN_TRANSITION_IN_PROGRESS": (409, "Another change is being made; try again."),
    "CONTENT_OVERWRITE_REQUIRED": (409, "The body has styling; send `overwrite: true`."),
    "IDEMPOTENCY_KEY_REUSED": (409, "This key was used for another request."),
    "IDEMPOTENCY_KEY_IN_USE": (409, "The first call with this key is still under way."),
    "TEST_SEND_FAILED": (409, "The mail server refused the test mail; its words are told."),
    "DUPLICATE_RESOURCE": (409, "There is one like it already."),
    "IMPORT_NOT_HELD": (409, "It runs, was started for good, or its file is no longer kept."),
    "IMPORT_NOT_UNDOABLE": (409, "It is not over, changed nothing, or was undone already."),
    "LAST_OWNER": (409, "Somebody must own the account."),
    "MEMBER_JOINED": (409, "They have set a password already."),
    "MEMBER_INVITED": (409, "They have no password yet; send the invitation again."),
    "MAIL_NOT_SENT": (409, "The mail did not leave; the server's words are told."),
    "PROJECT_IN_USE": (409, "A campaign or contacts of yours still use this project."),
    "PROJECT_IS_DEFAULT": (409, "Make another project the default first."),
    "SENDER_CONFIRMED": (409, "There is nothing to confirm."),
    "CONFIRMATION_NOT_SENT": (409, "The mail did not leave; the server's words are told."),
    "SENDER_IN_USE": (409, "A campaign or project uses this sender."),
    "WEBHOOK_DISABLED": (409, "The webhook is disabled; enable it first."),
    "WEBHOOK_DELIVERY_PENDING": (409, "The delivery is on its way already."),
    "KEY_PENDING": (409, "A new key waits for its record already."),
    "TEMPLATE_IN_USE": (409, "A campaign names one of its versions."),
    "TEMPLATE_VERSION_IN_USE": (409, "A campaign names it, or is being sent from it."),
    "TEMPLATE_VERSION_LAST": (409, "It is the only version of its template."),
    "TEMPLATE_VERSION_PUBLISHED": (409, "A published version does not change."),
    "PAYLOAD_TOO_LARGE": (413, "The body is larger than 10 MB."),
    "VALIDATION_ERROR": (422, "Some fields are not valid; `details` names them."),
    "CAMPAIGN_NOT_READY": (422, "Something is missing; `details.missing` names it."),
    "CAMPAIGN_NOT_TESTABLE": (422, "Something is missing; `details.missing` names it."),
    "EMAIL_NOT_CANCELABLE": (409, "It is in a worker's hands, or over."),
    "EMAIL_NOT_RESENDABLE": (409, "It arrived, or still may."),
    "RECIPIENT_SUPPRESSED": (422, "The address is suppressed; `details.to` says why."),
    "RECIPIENT_UNSUBSCRIBED": (422, "Marketing mail needs a subscribed contact."),
    "TEMPLATE_VERSION_UNPUBLISHED": (422, "No version of the template is published."),
    "SENDER_NOT_CONFIRMED": (422, "The address has not been confirmed yet."),
    "SENDER_DISABLED": (422, "The sender is disabled."),
    "DOMAIN_NOT_AUTHENTICATED": (422, "Records are missing; `details.missing` names them."),
    "TEMPLATE_VERSION_EMPTY": (422, "It has no body yet."),
    "QUOTA_EXCEEDED": (429, "The month's mails are used up, and the grace beyond."),
    "RATE_LIMITED": (429, "Too many calls; `Retry-After` says when to come back."),
}

_Responses = dict[int | str, dict[str, Any]]


def errors(*codes: str) -> _Responses:
    """The `responses` of a route that answers with these codes."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CODES[code][0], []).append(code)
    return {status: _answer(found) for status, found in by_status.items()}


def _answer(codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {"value": {"error": {"code": code, "message": CODES[code][1]}}} for code in codes
    }
    return {
        "model": ProblemAnswer,
        "description": " ".join(f"`{code}`: {CODES[code][1]}" for code in codes),
        "content": {"application/json": {"examples": examples}},
    }


#: What any call may be answered.
EVERYWHERE = errors(
    "MALFORMED_JSON",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "PAYLOAD_TOO_LARGE",
    "VALIDATION_ERROR",
    "RATE_LIMITED",
)
