"""What any call of the dialect may be answered, for its own description."""

from __future__ import annotations

from typing import Any

from mailwright.dialects.mailingcore.shapes import ErrorShape

_MEANINGS = {
    400: "A field is wrong, and `message` names it, or the body is not JSON.",
    401: "No valid key.",
    403: "The key lacks the scope that `message` names, or `X-Tenant-Id` is another's.",
    404: "No such thing in this tenant.",
    409: "Not in this state.",
    422: "A rule of the business: something is missing before this can be done.",
    429: "Too many calls; `Retry-After` says when to come back.",
}

#: What any call may be answered.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorShape, "description": meaning} for status, meaning in _MEANINGS.items()
}
