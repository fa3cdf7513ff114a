"""How Cakemail's API says no: `{"detail": [{loc, msg, type}], "message"}` (vendors.md 1.4).

Items of 401 and 403 have `code`, `msg` and `type`. `message` says the same in one sentence, for
programs that look there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailwright import errors
from mailwright.dialects.cakemail.shapes import answer

log = structlog.get_logger()

Item = Mapping[str, object]


class NotOffered(errors.CallerError):
    """Mailwright has no such feature."""

    code = "NOT_OFFERED"


#: The first class that fits decides. Cakemail answers 400 for a wrong state, too.
STATUS: tuple[tuple[type[errors.MailwrightError], int], ...] = (
    (errors.InvalidInput, 400),
    (errors.NotReady, 400),
    (errors.NotFound, 404),
    (errors.Conflict, 400),
    (errors.TooLarge, 413),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.RateLimited, 429),
    (NotOffered, 501),
    (errors.OperatorError, 503),
    (errors.MailwrightError, 500),
)

#: The `type` of an item.
TYPES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    503: "service_unavailable",
}

#: Below these paths an unknown id is a 400, as Cakemail's own programs expect (vendors.md 1.1).
UNKNOWN_IS_400: Final = re.compile(r"/(?:campaigns|reports/campaigns|logs/campaigns)/")

#: Cakemail's name of a field where ours is another.
FIELDS: Final[Mapping[str, str]] = {
    "audience.list_uuid": "audience.list_id",
    "audience.segment_uuid": "audience.segment_id",
    "design": "content.json",
    "design_kind": "content.type",
    "from_identity": "sender.id",
    "from_name": "sender.name",
    "html": "content.html",
    "link_parameters": "tracking.additional_params",
    "list_uuid": "list_id",
    "reply_to": "reply_to_email",
    "return_path_host": "domains.bounce",
    "scheduled_at": "scheduled_for",
    "sender_uuid": "sender.id",
    "subject": "content.subject",
    "text": "content.text",
    "tracking_host": "domains.tracking",
}

_NOT_JSON = "The body is not valid JSON."
_UNREADABLE = "There was an error parsing the body"  # FastAPI's words for bytes that are no text
_QUERY = {
    "cursor", "filter", "page", "per_page", "send_double_opt_in", "sort", "start_time", "end_time",
    "tags",
}  # fmt: skip


def problem(
    status: int,
    message: str,
    items: Sequence[Item] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """An error in Cakemail's form; `more` stands beside `detail`."""
    detail = items or [_item(status, message)]
    return answer({"detail": detail, "message": message, **more}, status, headers)


def problem_from(path: str, error: errors.MailwrightError) -> Response:
    """The answer that tells of `error`."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    if status == 404 and UNKNOWN_IS_400.search(path):
        status = 400
    headers: dict[str, str] = {}
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    items = _of_fields(error.details) if isinstance(error, errors.InvalidInput) else []
    message = "; ".join(_sentence(item) for item in items) or error.message
    return problem(status, message, items, headers)


def field_name(ours: str) -> str:
    """`sender_uuid` is `sender.id`."""
    return FIELDS.get(ours, ours)


def install(app: FastAPI) -> None:
    """Gives `app` Cakemail's voice for everything that goes wrong in it."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.MailwrightError)
        return problem_from(request.url.path, error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return invalid_fields(error.errors())

    async def routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code
        there_is_none = f"There is no {request.method} {request.url.path}."
        said = _NOT_JSON if error.detail == _UNREADABLE else str(error.detail)
        message = there_is_none if status in (404, 405) else said
        return problem(status, message, headers=error.headers)

    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem(500, "Something went wrong on our side; it was logged.")

    app.add_exception_handler(errors.MailwrightError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(Exception, unexpected)


def invalid_fields(found: Sequence[Any]) -> Response:
    """422 with Pydantic's errors; 400 for a body that is no JSON."""
    if any(error["type"] == "json_invalid" for error in found):
        return problem(400, _NOT_JSON)
    items = [
        {"loc": list(error["loc"]), "msg": _words(error), "type": error["type"]} for error in found
    ]
    return problem(422, "; ".join(_sentence(item) for item in items), items)


def _item(status: int, message: str) -> Item:
    kind = TYPES.get(status, "bad_request")
    if status in (401, 403):
        return {"code": status, "msg": message, "type": kind}
    return {"loc": [], "msg": message, "type": kind}


def _of_fields(details: Mapping[str, Sequence[object]]) -> list[Item]:
    return [
        {"loc": _place(field_name(name)), "msg": str(message), "type": TYPES[400]}
        for name, messages in details.items()
        for message in messages
    ]


def _place(name: str) -> list[str]:
    return ["query" if name in _QUERY else "body", *name.split(".")]


def _sentence(item: Item) -> str:
    loc = cast("list[object]", item["loc"])
    field = ".".join(str(part) for part in loc[1:])
    return f"{field}: {item['msg']}" if field else str(item["msg"])


def _words(error: Any) -> str:
    if error["type"] == "missing":
        return "This field is required."
    return str(error["msg"]).removeprefix("Value error, ")
