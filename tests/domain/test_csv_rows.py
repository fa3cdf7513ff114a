"""Damaged CSV: damage costs the damaged row only."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.domain.csv_rows import (
    SPAN_MAX,
    CsvDamage,
    CsvRow,
    as_it_was,
    neutralised,
    read_rows,
    sniff_delimiter,
)


def _read(text: str, *, is_last: bool = True, width: int = 3) -> tuple[list[object], int]:
    lines = text.splitlines(keepends=True)
    found, taken = read_rows(lines, delimiter=",", width=width, email_column=0, is_last=is_last)
    return [row.cells if isinstance(row, CsvRow) else row.line for row in found], taken


def test_quoted_commas_quotes_and_lines_are_one_row() -> None:
    text = 'a@x.com,"Doe, ""JD"" Jane","Main St 1\nSpringfield"\nb@x.com,B,C\n'
    assert _read(text)[0] == [
        ["a@x.com", 'Doe, "JD" Jane', "Main St 1\nSpringfield"],
        ["b@x.com", "B", "C"],
    ]


@pytest.mark.checklist("SEC-19")
@pytest.mark.parametrize(
    "broken",
    [
        'bad@x.com,"Broken,City',  # never closed
        'bad@x.com,"Bro"ken,City',  # text after the closing quote
        'bad@x.com,"Broken,""',
        '"bad@x.com,Broken,City',
        'bad@x.com,Broken,"City',
    ],
)
@pytest.mark.parametrize(
    "following",
    [
        "c@x.com,C,City",
        'c@x.com,"C, Jr.",City',
        'c@x.com,5" disk,City',
        'c@x.com,5",City',  # closes the broken quote as if it belonged there
        '"c@x.com","C","City"',
        'c@x.com,"",City',
    ],
)
def test_a_broken_quote_costs_its_own_row(broken: str, following: str) -> None:
    rows = [f"n{number}@x.com,N,City" for number in range(SPAN_MAX * 2)]
    text = "\n".join(["a@x.com,A,City", broken, following, *rows]) + "\n"
    found, taken = _read(text)
    assert found[:2] == [["a@x.com", "A", "City"], 1]
    assert found[2][0] == "c@x.com"  # type: ignore[index]
    assert [row[0] for row in found[3:]] == [row.split(",")[0] for row in rows]  # type: ignore[index]
    assert taken == len(rows) + 3


def test_a_row_that_goes_on_in_the_next_block_is_left_to_it() -> None:
    first = "a@x.com,A,C\n"
    found, taken = _read(f'{first}b@x.com,"B\n', is_last=False)
    assert (found, taken) == ([["a@x.com", "A", "C"]], 1)


def test_a_block_that_is_one_endless_row_is_not_read_for_ever() -> None:
    found, taken = _read('a@x.com,"A\nand on\n', is_last=False)
    assert found[0] == 0
    assert taken >= 1


def test_every_line_a_broken_row_takes_no_longer_than_its_limit() -> None:
    text = 'a@x.com,"A,B\n' * 20_000
    started = time.monotonic()
    found, taken = _read(text)
    assert taken == 20_000
    assert len(found) == 20_000
    assert time.monotonic() - started < 10


def test_a_field_beyond_all_measure_is_damage() -> None:
    found, _ = _read(f'a@x.com,"{"x" * 200_000}",C\nb@x.com,B,C\n')
    assert found == [0, ["b@x.com", "B", "C"]]


_CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=12)


@pytest.mark.checklist("SEC-19")
@given(st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=12), st.integers(0, 12))
def test_whatever_a_writer_wrote_is_read_back_and_broken_rows_beside_it_cost_nothing(
    rows: list[tuple[str, str, str]], at: int
) -> None:
    def written(some: list[tuple[str, str, str]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(
            (f"r{number}@x.com", *cells) for number, cells in enumerate(some)
        )
        return text.getvalue()

    def lines(text: str) -> list[str]:
        return [f"{line}\n" for line in text.split("\n")[:-1]]

    def emails(text: str) -> list[str]:
        found, _ = read_rows(lines(text), delimiter=",", width=4, email_column=0, is_last=True)
        return [
            row.cells[0] for row in found if isinstance(row, CsvRow) and row.cells[0][:1] == "r"
        ]

    kept = [row for row in rows if "@" not in "".join(row)]  # those look like rows themselves
    expected = [f"r{number}@x.com" for number in range(len(kept))]
    assert emails(written(kept)) == expected

    before, after = kept[:at], kept[at:]
    broken = written(before) + 'bad@x.com,"never closed,x,y\n' + written(after)
    wanted = [f"r{number}@x.com" for number in [*range(len(before)), *range(len(after))]]
    if not any("\n" in cell or '"' in cell for row in kept for cell in row):
        assert emails(broken) == wanted


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("email,name", ","),
        ("email;name;city", ";"),
        ("email\tname", "\t"),
        ("email|name", "|"),
        ("email", ","),
        ('"a,b,c";email', ";"),
    ],
)
def test_the_delimiter_is_the_one_the_header_has(header: str, delimiter: str) -> None:
    assert sniff_delimiter(header) == delimiter


@pytest.mark.checklist("SEC-18")
@pytest.mark.parametrize("cell", ["=1+1", "+34", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_a_spreadsheet_would_compute_are_quoted_and_come_back(cell: str) -> None:
    assert neutralised(cell) == f"'{cell}"
    assert as_it_was(neutralised(cell)) == cell


@given(st.text())
def test_other_cells_stay_as_they_are(cell: str) -> None:
    if not cell.startswith("'"):
        assert as_it_was(neutralised(cell)) == cell


def test_damage_tells_what_the_line_was() -> None:
    found, _ = read_rows(['a@x.com,"A\n'], delimiter=",", width=2, email_column=0, is_last=True)
    assert found == [CsvDamage(0, 'a@x.com,"A', found[0].reason)]  # type: ignore[union-attr]
