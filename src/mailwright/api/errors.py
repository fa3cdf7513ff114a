"""How the native API says no: `{"error": {"code", "message", "details"?}}` (vendors.md 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailwright import errors
from mailwright.api.envelopes import json_response

log = structlog.get_logger()

#: The first class that fits decides.
STATUS: tuple[tuple[type[errors.MailwrightError], int], ...] = (
    (errors.InvalidInput, 422),
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

_ROUTING_CODES = {404: "RESOURCE_NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE"}
_PLACES = {"body", "query", "path", "header"}


def problem(
    status: int,
    code: str,
    message: str,
    details: object = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error in the native form."""
    response = json_response({"error": _error(code, message, details)}, status)
    response.headers.update(headers or {})
    return response


def told(error: errors.MailwrightError) -> dict[str, object]:
    """An error as a part of an answer that is a success in all."""
    return _error(error.code, error.message, error.details)


def _error(code: str, message: str, details: object) -> dict[str, object]:
    error: dict[str, object] = {"code": code, "message": message}
    return error | {"details": details} if details else error


def problem_from(error: errors.MailwrightError) -> Response:
    """The answer that tells of `error`."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(status, error.code, error.message, error.details, headers)


def install(app: FastAPI) -> None:
    """Gives `app` the native voice for everything that goes wrong in it."""

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, errors.MailwrightError)
        return problem_from(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _invalid(error.errors())

    async def routing(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _ROUTING_CODES.get(error.status_code, "BAD_REQUEST")
        return problem(error.status_code, code, str(error.detail), None, dict(error.headers or {}))

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem(500, "INTERNAL_ERROR", "Something went wrong on our side; it was logged.")

    app.add_exception_handler(errors.MailwrightError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(Exception, unexpected)


def _invalid(found: Sequence[Any]) -> Response:
    if any(error["type"] == "json_invalid" for error in found):
        return problem(400, "MALFORMED_JSON", "The body is not valid JSON.")
    return problem(422, "VALIDATION_ERROR", "Some fields are not valid.", by_field(found))


def by_field(found: Sequence[Any]) -> dict[str, list[str]]:
    """Pydantic's errors as messages by field."""
    details: dict[str, list[str]] = {}
    for error in found:
        field = ".".join(str(part) for part in error["loc"] if part not in _PLACES) or "body"
        details.setdefault(field, []).append(_sentence(error))
    return details


def _sentence(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "There is no such field."
    if error["type"] == "missing":
        return "This field is required."
    return str(error["msg"]).removeprefix("Value error, ")
