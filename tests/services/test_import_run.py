"""Damaged files, killed imports, files beyond all measure: what is good comes in, once."""

from __future__ import annotations

import io
import resource
from typing import Any

import pytest

from mailwright.services import import_files, import_run, imports
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact
from tests.services.importing import counts_of, errors_of, imported, rows_of, start


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little at once that a short file takes many chunks."""
    monkeypatch.setattr(import_files, "BLOCK_BYTES", 300)
    monkeypatch.setattr(import_run, "CHUNK_SECONDS", 0.0)


@pytest.mark.checklist("SEC-19")
async def test_a_broken_quote_in_row_70000_costs_that_row_only(
    runtime: Runtime, caller: Caller
) -> None:
    text = io.StringIO()
    text.write("email,first_name,last_name,plan\n")
    for number in range(1, 72_001):
        if number == 70_000:
            text.write('p70000@x.com,"Broken,Person,pro\n')
        else:
            text.write(f'p{number}@x.com,P,"N, {number}",pro\n')
    view = await imported(runtime, caller, text.getvalue())
    assert counts_of(view) == ("done", 71_999, 0, 1)
    assert errors_of(runtime, view)[1] == [
        'p70000@x.com,"Broken,Person,pro', "", "", "", "70001",
        "The quotes of this row do not fit together.",
    ]  # fmt: skip


@pytest.mark.checklist("SEC-19")
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nobody", "not a valid address"),
        ("", "not a valid address"),
        ("a@x.com\0", "not text"),
        (f"{'x' * 300}@x.com", "not a valid address"),
        (f"a@x.com,{'n' * 256}", "first_name: at most 255"),
        ("a@x.com,A,english", "two letters"),
        ("a@x.com,A,en,pro,more", "5 cells for 4 columns"),
        (f"a@x.com,A,en,{'p' * 5001}", "plan: at most 5000"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_reason_and_line(
    runtime: Runtime, caller: Caller, row: str, reason: str
) -> None:
    text = f"email,first_name,language,plan\nfirst@x.com,A,en,pro\n{row},\nlast@x.com\n"
    if row.count(",") == 4:
        text = text.replace(f"{row},", row)
    view = await imported(runtime, caller, text)
    assert counts_of(view) == ("done", 2, 0, 1)
    error = errors_of(runtime, view)[1]
    assert error[-2] == "3"
    assert reason in error[-1]


@pytest.mark.checklist("SEC-04")
async def test_line_ends_inside_an_address_are_rejected(runtime: Runtime, caller: Caller) -> None:
    view = await imported(runtime, caller, 'email,name\n"a@x.com\nBcc: b@x.com",A\nc@x.com,C\n')
    assert (view.created, view.rejected) == (1, 1)


@pytest.mark.checklist("SEC-19")
@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ";"),
        ("utf-16", "\t"),
        ("utf-16-le", ","),
        ("utf-16-be", ";"),
        ("cp1252", ";"),
        ("utf-8", "|"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_encodings_delimiters_and_line_ends_are_found_out(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    encoding: str,
    delimiter: str,
    line_end: str,
) -> None:
    rows = [("E-Mail", "Vorname", "Ort"), ("z@x.com", "Zoë", "Köln, 'Süd'"), ("b@x.com", "B", "")]
    text = "".join(delimiter.join(f'"{cell}"' for cell in row) + line_end for row in rows)
    view = await imported(runtime, caller, text.encode(encoding))
    assert counts_of(view) == ("done", 2, 0, 0)
    row = (await rows_of(database))[0]
    assert (row["first_name"], row["attributes"]) == ("Zoë", {"ort": "Köln, 'Süd'"})


async def test_a_bad_byte_costs_its_row_and_not_the_accents_of_the_others(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await imported(
        runtime, caller, "email,name\na@x.com,Zoë\n".encode() + b"b@x.com,Bj\xf6rn\nc@x.com,C\n"
    )
    assert counts_of(view) == ("done", 2, 0, 1)
    assert (await rows_of(database))[0]["first_name"] == "Zoë"


async def test_external_ids_in_use_cost_their_rows_only(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, "old@x.com", external_id="7")
    rows = "".join(f"p{number}@x.com,{number}\n" for number in range(20))
    view = await imported(runtime, caller, f"email,external_id\n{rows}again@x.com,3\n")
    assert counts_of(view) == ("done", 19, 0, 2)
    assert [error[0] for error in errors_of(runtime, view)[1:]] == ["p7@x.com", "again@x.com"]


@pytest.mark.usefixtures("small_blocks")
async def test_an_import_that_is_killed_goes_on_where_it_was(
    runtime: Runtime, caller: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"p{number}@x.com,P{number}" for number in range(100)]
    rows[10] = "nobody,N"
    rows[60] = '"Broken@x.com,B'
    rows[80] = "P5@X.com,again"
    view, import_id = await start(runtime, caller, "email,name\n" + "\n".join(rows))
    real = import_run.store.change
    calls = 0

    async def dies_now_and_then(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:  # everything is done but the commit
            raise KeyboardInterrupt
        await real(*arguments)

    monkeypatch.setattr(import_run.store, "change", dies_now_and_then)
    more = True
    chunks = 0
    while more:
        chunks += 1
        try:
            more = await imports.run_chunk(runtime, caller.tenant_id, import_id)
        except KeyboardInterrupt:
            continue
    assert chunks > 5
    view = await imports.get_import(runtime, caller, view.uuid)
    assert counts_of(view) == ("done", 97, 0, 3)
    assert view.rows_read == 100
    assert [error[-2] for error in errors_of(runtime, view)[1:]] == ["12", "62", "82"]
    assert len(await rows_of(database)) == 97
    assert await imports.run_chunk(runtime, caller.tenant_id, import_id) is False


async def test_an_import_whose_file_is_gone_fails_and_says_so(
    runtime: Runtime, caller: Caller
) -> None:
    view, import_id = await start(runtime, caller, "email\na@x.com\n")
    (import_files.folder(runtime.settings) / f"{view.uuid}.csv").unlink()
    assert await imports.run_chunk(runtime, caller.tenant_id, import_id) is False
    view = await imports.get_import(runtime, caller, view.uuid)
    assert view.status == "failed"
    assert view.error is not None


async def test_the_uploaded_copy_does_not_stay(runtime: Runtime, caller: Caller) -> None:
    await imported(runtime, caller, "email\na@x.com\n")
    assert list(import_files.folder(runtime.settings).iterdir()) == []


@pytest.mark.checklist("SEC-19")
async def test_memory_stays_flat_and_one_endless_line_is_one_rejected_row(
    runtime: Runtime, caller: Caller
) -> None:
    await imported(runtime, caller, "email\nfirst@x.com\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    endless = b'z@x.com,"' + b"x" * 40_000_000
    rows = b"".join(b"p%d@x.com,%b\n" % (number, b"y" * 500) for number in range(20_000))
    view = await imported(runtime, caller, b"email,note\n" + endless + b"\n" + rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert counts_of(view) == ("done", 20_000, 0, 1)
    assert (after - before) / 1024 < 160  # the file itself, twice, is in the test's own hands
