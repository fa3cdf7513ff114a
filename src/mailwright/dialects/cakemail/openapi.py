"""What any call of the dialect may be answered, for its own description."""

from __future__ import annotations

from typing import Any

from mailwright.dialects.cakemail.shapes import Shape


class Problem(Shape):
    """The form of every error."""

    detail: list[dict[str, Any]]
    message: str


_MEANINGS = {
    400: "Something is wrong, missing or not in the right state; or an unknown campaign.",
    401: "No valid token or key.",
    403: "The token or key may not do that.",
    404: "No such thing in this account.",
    422: "A field is wrong, and `detail` names it.",
    429: "Too many calls; `Retry-After` says when to come back.",
}

#: What any call may be answered.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": meaning} for status, meaning in _MEANINGS.items()
}
