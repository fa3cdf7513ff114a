"""What an operation answers, as JSON in the native form: `data`, and `pagination` for a page."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import orjson

from mailwright.errors import MailwrightError
from mailwright.services.audit import AuditPage
from mailwright.services.campaign_events import EventPage
from mailwright.services.cursors import Cursored
from mailwright.services.paging import Paged

_FORM = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def as_json(content: object) -> str:
    """`content` as JSON: dataclasses, UUIDs and times (UTC, with Z) included."""
    return orjson.dumps(content, default=_plain, option=_FORM).decode()


def answer(result: Any) -> dict[str, Any]:
    """What a service returned, in its envelope."""
    if result is None:
        return {"data": {"done": True}}
    if isinstance(result, Paged):
        paged = cast("Paged[Any]", result)
        pagination = {
            "current_page": paged.page.number,
            "per_page": paged.page.per_page,
            "total": paged.total,
        }
        return {"data": paged.items, "pagination": pagination}
    if isinstance(result, AuditPage | Cursored | EventPage):
        page = cast("Cursored[Any]", result)
        return {"data": page.items, "pagination": {"next_cursor": page.next_cursor}}
    return {"data": result}


def problem(error: MailwrightError) -> dict[str, Any]:
    """An error: its stable code, one sentence, and details by field where there are any."""
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details:
        told["details"] = error.details
    return {"error": told}


def _plain(value: object) -> Any:
    """asyncpg's UUID is a subclass, which orjson leaves to us."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError
