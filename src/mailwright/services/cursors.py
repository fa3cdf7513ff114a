"""Cursors: where the next page of a set begins that grows without bound."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from mailwright.errors import InvalidInput

Item = TypeVar("Item")

_NUMBER_MAX = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursored(Generic[Item]):
    """The rows of one page; `next_cursor` is None at the end. Nobody counts the whole."""

    items: Sequence[Item]
    next_cursor: str | None


def cursor_at(at: datetime, number: int) -> str:
    """An opaque word for a place in an order by time, then by id."""
    plain = f"{(at - _EPOCH) // _MICROSECOND}.{number}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def place_of(cursor: str) -> tuple[datetime, int]:
    """Time and id of `cursor_at`. Raises InvalidInput for a word that is none of ours."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        microseconds, _, number = plain.partition(".")
        found = _EPOCH + int(microseconds) * _MICROSECOND, int(number)
    except (binascii.Error, ValueError, OverflowError):
        raise _no_cursor() from None
    if not 0 <= found[1] <= _NUMBER_MAX:
        raise _no_cursor()
    return found


def _no_cursor() -> InvalidInput:
    return InvalidInput.field("cursor", "Take the cursor from an answer before.")
