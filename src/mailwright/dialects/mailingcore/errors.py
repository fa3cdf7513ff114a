"""How MailingCore's API says no: `{statusCode, message, path, timestamp}` (vendors.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailwright import errors
from mailwright.dialects.mailingcore.quota_headers import headers_of
from mailwright.dialects.mailingcore.shapes import ErrorShape, QuotaErrorShape, QuotaShape, one
from mailwright.services.runtime import Runtime

log = structlog.get_logger()

#: The first class that fits decides.
STATUS: tuple[tuple[type[errors.MailwrightError], int], ...] = (
    (errors.InvalidInput, 400),
    (errors.NotReady, 422),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.RateLimited, 429),
    (errors.OperatorError, 503),
    (errors.MailwrightError, 500),
)

#: Codes that are rules of the business and no mistakes of form.
STATUS_OF_CODE: Mapping[str, int] = {
    "RECIPIENT_SUPPRESSED": 422,
    "RECIPIENT_UNSUBSCRIBED": 422,
    "SENDER_NOT_CONFIRMED": 422,
}

#: MailingCore's name of a field where it is not just ours in camelCase.
FIELDS: Mapping[str, str] = {
    "html": "htmlBody",
    "mjml": "mjmlSource",
    "design": "unlayerDesign",
    "text": "textBody",
    "language": "locale",
    "locale_group": "localeGroupId",
    "project_uuid": "projectId",
    "template_version_uuid": "templateVersionId",
    "opt_in": "optIn",
    "per_page": "limit",
    "Idempotency-Key": "idempotencyKey",
    "template": "slug",
    "template_version": "templateVersionId",
}

_PLACES = {"body", "query", "path", "header"}


def problem(
    runtime: Runtime,
    path: str,
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    quota: Mapping[str, Any] | None = None,
) -> Response:
    """An error in MailingCore's form; `quota`: of a month that is used up."""
    told: dict[str, Any] = {
        "status_code": status,
        "message": message,
        "path": path,
        "timestamp": runtime.now(),
    }
    if quota is None:
        return one(ErrorShape(**told), status, headers)
    return one(QuotaErrorShape(**told, quota=QuotaShape(**quota)), status, headers)


def problem_from(runtime: Runtime, path: str, error: errors.MailwrightError) -> Response:
    """The answer that tells of `error`."""
    status = STATUS_OF_CODE.get(error.code) or next(
        status for kind, status in STATUS if isinstance(error, kind)
    )
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    quota = error.details.get("quota") if isinstance(error, errors.QuotaExceeded) else None
    if quota is not None:
        headers |= headers_of(**quota)
    return problem(runtime, path, status, sentence_of(error), headers, quota)


def sentence_of(error: errors.MailwrightError) -> str:
    """What is wrong; of an invalid field with its name before it."""
    if not isinstance(error, errors.InvalidInput) or not error.details:
        return error.message
    return "; ".join(
        f"{field_name(name)}: {' '.join(map(str, messages))}"
        for name, messages in error.details.items()
    )


def field_name(ours: str) -> str:
    """`template_version_uuid` is `templateVersionId`; of a path each part."""
    return ".".join(FIELDS.get(part) or _camel(part) for part in ours.split("."))


def invalid_sentence(found: Sequence[Any]) -> str:
    """Pydantic's errors in one sentence, each with its field."""
    return "; ".join(dict.fromkeys(_sentences(found)))


def install(app: FastAPI, runtime: Runtime) -> None:
    """Gives `app` MailingCore's voice for everything that goes wrong in it."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.MailwrightError)
        return problem_from(runtime, request.url.path, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(runtime, request.url.path, 400, invalid_sentence(error.errors()))

    async def routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = f"Cannot {request.method} {request.url.path}"
        message = told if error.status_code in (404, 405) else str(error.detail)
        headers = dict(error.headers or {})
        return problem(runtime, request.url.path, error.status_code, message, headers)

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        message = "Something went wrong on our side; it was logged."
        return problem(runtime, request.url.path, 500, message)

    app.add_exception_handler(errors.MailwrightError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(Exception, unexpected)


def _sentences(found: Sequence[Any]) -> Iterator[str]:
    for error in found:
        if error["type"] == "json_invalid":
            yield "The body is not valid JSON."
            continue
        field = ".".join(str(part) for part in error["loc"] if part not in _PLACES) or "body"
        yield f"{field}: {_words(error)}"


def _words(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "There is no such field."
    if error["type"] == "missing":
        return "This field is required."
    return str(error["msg"]).removeprefix("Value error, ")


def _camel(part: str) -> str:
    return to_camel(part) if "_" in part else part
