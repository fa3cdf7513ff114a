"""Rows as CSV text, with what a spreadsheet would compute made harmless (SEC-18)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from mailwright.domain.csv_rows import neutralised


def csv_lines(rows: Iterable[Sequence[Any]], *, raw: bool = False) -> bytes:
    """The rows as lines of a CSV file. `raw`: cells as they are."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        cells = [_cell(value) for value in row]
        writer.writerow(cells if raw else map(neutralised, cells))
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        return ";".join(map(_cell, value))  # pyright: ignore[reportUnknownArgumentType]  # JSON
    return str(value)
