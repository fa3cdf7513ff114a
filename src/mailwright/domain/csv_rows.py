"""Rows of a CSV file that may be damaged, so that damage costs the damaged row only.

A quote that is opened and never closed makes a reader swallow everything after it. Here a record
is given up when its quotes do not fit (RFC 4180 2.5–2.7 taken strictly), when it runs over more
than SPAN_MAX lines or a field over 131,072 characters, or when one of the lines inside it is
plainly a row of its own. What is rejected then is its first physical line alone; reading goes on
with the next line. Each line is read at most SPAN_MAX times, whatever the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SPAN_MAX = 50  # lines of one record; addresses and notes have a few
DELIMITERS = (",", ";", "\t", "|")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # SEC-18
BROKEN_QUOTE = "The quotes of this row do not fit together."


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A record. `line`: its first line, counted from 0 within the lines that were read."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class CsvDamage:
    """A physical line that is no record."""

    line: int
    text: str
    reason: str


def sniff_delimiter(header: str) -> str:
    """The delimiter that the header line has most of, outside of quotes; a comma for none."""
    unquoted = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=lambda mark: (unquoted.count(mark), mark == ","))


def read_rows(
    lines: Sequence[str], *, delimiter: str, width: int, email_column: int, is_last: bool
) -> tuple[list[CsvRow | CsvDamage], int]:
    """The records in `lines`, and how many of the lines they took.

    Lines end with their line end. A record that goes on after the last line is left to the next
    call, unless `is_last`. `width`: cells of a whole row; `email_column`: where its address is.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    found: list[CsvRow | CsvDamage] = []
    while source.next < len(lines):
        source.start = start = source.next
        try:
            cells = next(reader)
        except (csv.Error, _Runaway):
            if source.ran_out and not is_last and start > 0:
                source.next = start
                break
            cells = None
        if cells is not None and source.next - start > 1:
            inside = lines[start + 1 : source.next]
            if len(cells) > width or _hides_a_row(inside, delimiter, width, email_column):
                cells = None
        if cells is None:
            source.next = start + 1
            found.append(CsvDamage(start, lines[start].rstrip("\r\n"), BROKEN_QUOTE))
        elif cells:
            found.append(CsvRow(start, cells))
    return found, source.next


def neutralised(cell: str) -> str:
    """The cell as a spreadsheet shows it, rather than computes it (SEC-18)."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def as_it_was(cell: str) -> str:
    """A cell that `neutralised` wrote, without its quote: our own exports come back unchanged."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def _hides_a_row(inside: Sequence[str], delimiter: str, width: int, email_column: int) -> bool:
    """Whether one of the lines, taken by itself, is a row with an address in its place."""
    for line in inside:
        cells = line.split(delimiter)
        if len(cells) >= width and "@" in cells[email_column] and " " not in cells[email_column]:
            return True
    return False


class _Runaway(Exception):
    """The record has too many lines."""


class _Lines(Iterator[str]):
    """Lines that can be read again from the start of the present record."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.next = 0
        self.start = 0

    @property
    def ran_out(self) -> bool:
        return self.next >= len(self._lines) and self.next - self.start < SPAN_MAX

    def __next__(self) -> str:
        if self.next >= len(self._lines):
            raise StopIteration
        if self.next - self.start >= SPAN_MAX:
            raise _Runaway
        line = self._lines[self.next]
        self.next += 1
        return line
