"""Imports: every good row comes in, every bad one is named, and consent never goes up."""

from __future__ import annotations

import csv
import io
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from mailwright.domain.custom_field import FieldType
from mailwright.errors import InvalidInput
from mailwright.services import import_files, import_run, imports
from mailwright.services.caller import Caller
from mailwright.services.custom_fields import create_custom_field
from mailwright.services.imports import ImportView, NewImport
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import consents, contacts, list_members, suppressions
from mailwright.store.tables import imports as imports_table
from tests.builders import MadeTenant, make_contact, make_list

EXAMPLE = Path(__file__).parents[2] / "examples" / "contacts.csv"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little at once that a short file takes many chunks."""
    monkeypatch.setattr(import_files, "BLOCK_BYTES", 300)
    monkeypatch.setattr(import_run, "CHUNK_SECONDS", 0.0)


async def _start(
    runtime: Runtime, caller: Caller, content: str | bytes, **new: Any
) -> tuple[ImportView, int]:
    source = runtime.settings.data_dir / "given.csv"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    view = await imports.start_import(
        runtime, caller, NewImport("given.csv", **new), source, in_background=False
    )
    source.unlink()
    async with runtime.database.reading() as connection:
        found = select(imports_table.c.id).where(imports_table.c.uuid == view.uuid)
        return view, (await connection.execute(found)).scalar_one()


async def _import(runtime: Runtime, caller: Caller, content: str | bytes, **new: Any) -> ImportView:
    view, import_id = await _start(runtime, caller, content, **new)
    while await imports.run_chunk(runtime, caller.tenant_id, import_id):
        pass
    return await imports.get_import(runtime, caller, view.uuid)


async def _rows(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as connection:
        found = await connection.execute(select(contacts).order_by(contacts.c.id))
        return [dict(row) for row in found.mappings()]


def _errors(runtime: Runtime, view: ImportView) -> list[list[str]]:
    path = imports.error_path(runtime, view.error_file)
    if path is None:
        return []
    with path.open(newline="") as file:
        return list(csv.reader(file))


def _counts(view: ImportView) -> tuple[str, int, int, int]:
    return view.status, view.created, view.updated, view.rejected


async def test_the_example_comes_in_but_for_its_two_wrong_rows(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await _import(runtime, caller, EXAMPLE.read_bytes(), list_name="Demo")
    assert _counts(view) == ("done", 998, 0, 2)
    assert view.rows_read == 1000
    header, duplicate, malformed = _errors(runtime, view)
    assert header == [
        "email",
        "first_name",
        "last_name",
        "language",
        "plan",
        "city",
        "line",
        "error",
    ]
    assert duplicate[-2:] == ["402", import_run.REPEATED]
    assert malformed[0] == "someone.at.example.com"
    assert malformed[-2] == "702"
    first = (await _rows(database))[0]
    with EXAMPLE.open(newline="") as file:
        given = next(csv.DictReader(file))
    assert first["email"] == given["email"]
    assert first["attributes"] == {"plan": given["plan"], "city": given["city"]}
    again = await _import(runtime, caller, EXAMPLE.read_bytes(), list_name="Demo")
    assert _counts(again) == ("done", 0, 998, 2)


async def test_new_people_are_subscribed_on_the_list_and_on_record(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await _import(
        runtime, caller, "email\na@x.com\nb@x.com\n", list_name="News", consent_source="webinar"
    )
    assert view.list_uuid is not None
    rows = await _rows(database)
    assert {(row["consent"], row["consent_source"]) for row in rows} == {("subscribed", "webinar")}
    assert all(row["opted_in_at"] == runtime.now() for row in rows)
    async with database.reading() as connection:
        members = (await connection.execute(select(list_members))).all()
        recorded = (await connection.execute(select(consents))).mappings().all()
    assert {row.state for row in members} == {"subscribed"}
    assert len(members) == len(recorded) == 2
    assert {(row["source"], row["actor"], row["door"]) for row in recorded} == {
        ("webinar", "key:test", "api")
    }


async def test_a_row_fills_in_what_it_says_and_leaves_the_rest(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(
        database,
        tenant.id,
        "a@x.com",
        first_name="Anna",
        phone="1",
        attributes={"plan": "free", "city": "Bonn"},
    )
    view = await _import(
        runtime, caller, "email,first_name,Surname,phone,plan\nA@X.com,,Adams,2,pro\n"
    )
    assert _counts(view) == ("done", 0, 1, 0)
    (row,) = await _rows(database)
    assert (row["first_name"], row["last_name"], row["phone"]) == ("Anna", "Adams", "2")
    assert row["attributes"] == {"plan": "pro", "city": "Bonn"}
    assert row["email"] == "a@x.com"


_STATES = st.sampled_from(["subscribed", "unconfirmed", "unsubscribed"])


@pytest.mark.checklist("OUT-17", "U06")
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    people=st.lists(
        st.tuples(_STATES, st.booleans(), st.sampled_from(["", "subscribed", "unsubscribed"])),
        min_size=1,
        max_size=6,
    ),
    words=st.lists(st.sampled_from(["status", "consent", "opt_in", "subscribed"]), max_size=2),
)
async def test_consent_never_goes_up_through_an_import(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
    people: Sequence[tuple[str, bool, str]],
    words: Sequence[str],
) -> None:
    async with database.transaction() as connection:
        await connection.execute(delete(contacts))
        await connection.execute(delete(suppressions))
    target = await make_list(database, tenant.id)
    for number, (consent, suppressed, membership) in enumerate(people):
        made = await make_contact(database, tenant.id, f"p{number}@x.com", consent=consent)
        async with database.transaction() as connection:
            if membership:
                values = {
                    "tenant_id": tenant.id,
                    "list_id": target.id,
                    "contact_id": made.id,
                    "state": membership,
                }
                await connection.execute(list_members.insert().values(values))
            if suppressed:
                values = {
                    "tenant_id": tenant.id,
                    "uuid": made.uuid,
                    "email_key": f"p{number}@x.com",
                    "reason": "manual",
                }
                await connection.execute(suppressions.insert().values(values))
    text = ",".join(["email", *words]) + "\n"
    text += "".join(
        ",".join([f"P{number}@x.com", *["subscribed"] * len(words)]) + "\n"
        for number in range(len(people))
    )
    view = await _import(runtime, caller, text, list_uuid=target.uuid)
    assert view.updated == len(people)
    async with database.reading() as connection:
        rows = await connection.execute(
            select(contacts.c.consent, list_members.c.state)
            .outerjoin(list_members, list_members.c.contact_id == contacts.c.id)
            .order_by(contacts.c.email_key)
        )
        found = [tuple(row) for row in rows]
        kept = len((await connection.execute(select(suppressions))).all())
    assert found == [(consent, membership or "subscribed") for consent, _, membership in people]
    assert kept == sum(suppressed for _, suppressed, _ in people)


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
    view = await _import(runtime, caller, text.getvalue())
    assert _counts(view) == ("done", 71_999, 0, 1)
    assert _errors(runtime, view)[1] == [
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
    view = await _import(runtime, caller, text)
    assert _counts(view) == ("done", 2, 0, 1)
    error = _errors(runtime, view)[1]
    assert error[-2] == "3"
    assert reason in error[-1]


@pytest.mark.checklist("SEC-04")
async def test_line_ends_inside_an_address_are_rejected(runtime: Runtime, caller: Caller) -> None:
    view = await _import(runtime, caller, 'email,name\n"a@x.com\nBcc: b@x.com",A\nc@x.com,C\n')
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
    view = await _import(runtime, caller, text.encode(encoding))
    assert _counts(view) == ("done", 2, 0, 0)
    row = (await _rows(database))[0]
    assert (row["first_name"], row["attributes"]) == ("Zoë", {"ort": "Köln, 'Süd'"})


async def test_a_bad_byte_costs_its_row_and_not_the_accents_of_the_others(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await _import(
        runtime, caller, "email,name\na@x.com,Zoë\n".encode() + b"b@x.com,Bj\xf6rn\nc@x.com,C\n"
    )
    assert _counts(view) == ("done", 2, 0, 1)
    assert (await _rows(database))[0]["first_name"] == "Zoë"


async def test_headings_are_recognised_and_the_mapping_has_the_last_word(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    text = "Correo;Full Name;Idioma;Kunde Nr.;Secret\nz@x.com;Zoë van Dyk;pt_br;17;x\n"
    view = await _import(
        runtime, caller, text, mapping={"Kunde Nr.": "external_id", "Secret": "skip"}
    )
    assert view.columns == {
        "Correo": "email",
        "Full Name": "full_name",
        "Idioma": "language",
        "Kunde Nr.": "external_id",
        "Secret": "skip",
    }
    (row,) = await _rows(database)
    assert (row["first_name"], row["last_name"], row["locale"], row["external_id"]) == (
        "Zoë",
        "van Dyk",
        "pt-BR",
        "17",
    )


async def test_a_file_without_headings_is_a_list_of_addresses(
    runtime: Runtime, caller: Caller
) -> None:
    assert (await _import(runtime, caller, "a@x.com\nb@x.com\n")).created == 2


@pytest.mark.parametrize(
    ("content", "new"),
    [
        ("", {}),
        ("\n\n", {}),
        ("name,city\nA,B\n", {}),
        ('"email\na@x.com\n', {}),
        ("email\na@x.com\n", {"mapping": {"Mail": "email"}}),
        ("email\na@x.com\n", {"mapping": {"email": "password"}}),
        ("email" + ",x" * 300 + "\n", {}),
        (b"\xff\xfe\x00", {}),
    ],
)
async def test_a_file_that_cannot_be_imported_is_refused_and_leaves_nothing(
    runtime: Runtime, caller: Caller, content: str | bytes, new: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await _start(runtime, caller, content, list_name="News", **new)
    assert list(import_files.folder(runtime.settings).iterdir()) == []
    async with runtime.database.reading() as connection:
        assert (await connection.execute(select(imports_table))).all() == []


async def test_custom_fields_are_kept_in_the_form_of_their_type(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    for key, kind in (
        ("age", FieldType.NUMBER),
        ("since", FieldType.DATE),
        ("tags", FieldType.LIST),
    ):
        await create_custom_field(runtime, caller, name=key, kind=kind)
    text = "email,age,since,tags\na@x.com,41,31.05.2026,x;y\nb@x.com,old,,\n"
    view = await _import(runtime, caller, text)
    assert (view.created, view.rejected) == (1, 1)
    assert (await _rows(database))[0]["attributes"] == {
        "age": 41,
        "since": "2026-05-31",
        "tags": ["x", "y"],
    }
    assert _errors(runtime, view)[1][-1] == "age: A number."


async def test_external_ids_in_use_cost_their_rows_only(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, "old@x.com", external_id="7")
    rows = "".join(f"p{number}@x.com,{number}\n" for number in range(20))
    view = await _import(runtime, caller, f"email,external_id\n{rows}again@x.com,3\n")
    assert _counts(view) == ("done", 19, 0, 2)
    assert [error[0] for error in _errors(runtime, view)[1:]] == ["p7@x.com", "again@x.com"]


@pytest.mark.usefixtures("small_blocks")
async def test_an_import_that_is_killed_goes_on_where_it_was(
    runtime: Runtime, caller: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"p{number}@x.com,P{number}" for number in range(100)]
    rows[10] = "nobody,N"
    rows[60] = '"Broken@x.com,B'
    rows[80] = "P5@X.com,again"
    view, import_id = await _start(runtime, caller, "email,name\n" + "\n".join(rows))
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
    assert _counts(view) == ("done", 97, 0, 3)
    assert view.rows_read == 100
    assert [error[-2] for error in _errors(runtime, view)[1:]] == ["12", "62", "82"]
    assert len(await _rows(database)) == 97
    assert await imports.run_chunk(runtime, caller.tenant_id, import_id) is False


async def test_an_import_whose_file_is_gone_fails_and_says_so(
    runtime: Runtime, caller: Caller
) -> None:
    view, import_id = await _start(runtime, caller, "email\na@x.com\n")
    (import_files.folder(runtime.settings) / f"{view.uuid}.csv").unlink()
    assert await imports.run_chunk(runtime, caller.tenant_id, import_id) is False
    view = await imports.get_import(runtime, caller, view.uuid)
    assert view.status == "failed"
    assert view.error is not None


async def test_the_uploaded_copy_does_not_stay(runtime: Runtime, caller: Caller) -> None:
    await _import(runtime, caller, "email\na@x.com\n")
    assert list(import_files.folder(runtime.settings).iterdir()) == []


@pytest.mark.checklist("SEC-19")
async def test_memory_stays_flat_and_one_endless_line_is_one_rejected_row(
    runtime: Runtime, caller: Caller
) -> None:
    await _import(runtime, caller, "email\nfirst@x.com\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    endless = b'z@x.com,"' + b"x" * 40_000_000
    rows = b"".join(b"p%d@x.com,%b\n" % (number, b"y" * 500) for number in range(20_000))
    view = await _import(runtime, caller, b"email,note\n" + endless + b"\n" + rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _counts(view) == ("done", 20_000, 0, 1)
    assert (after - before) / 1024 < 160  # the file itself, twice, is in the test's own hands


@pytest.mark.checklist("SEC-10")
async def test_two_tenants_may_have_the_same_people(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    from tests.builders import make_tenant

    other = Caller((await make_tenant(database)).id, "cli", caller.door, frozenset({"*"}))
    assert (await _import(runtime, caller, "email\na@x.com\n")).created == 1
    assert (await _import(runtime, other, "email,name\na@x.com,Eve\n")).created == 1
    assert [row["first_name"] for row in await _rows(database)] == [None, "Eve"]
