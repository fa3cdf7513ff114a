"""Imports: every good row comes in, every bad one is named, and consent never goes up."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from mailwright.domain.custom_field import FieldType
from mailwright.errors import InvalidInput
from mailwright.services import import_files, import_run
from mailwright.services.caller import Caller
from mailwright.services.custom_fields import create_custom_field
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import consents, contacts, list_members, suppressions
from mailwright.store.tables import imports as imports_table
from tests.builders import MadeTenant, make_contact, make_list
from tests.services.importing import counts_of, errors_of, imported, rows_of, start

EXAMPLE = Path(__file__).parents[2] / "examples" / "contacts.csv"


async def test_the_example_comes_in_but_for_its_two_wrong_rows(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await imported(runtime, caller, EXAMPLE.read_bytes(), list_name="Demo")
    assert counts_of(view) == ("done", 998, 0, 2)
    assert view.rows_read == 1000
    header, duplicate, malformed = errors_of(runtime, view)
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
    first = (await rows_of(database))[0]
    with EXAMPLE.open(newline="") as file:
        given = next(csv.DictReader(file))
    assert first["email"] == given["email"]
    assert first["attributes"] == {"plan": given["plan"], "city": given["city"]}
    again = await imported(runtime, caller, EXAMPLE.read_bytes(), list_name="Demo")
    assert counts_of(again) == ("done", 0, 998, 2)


async def test_new_people_are_subscribed_on_the_list_and_on_record(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    view = await imported(
        runtime, caller, "email\na@x.com\nb@x.com\n", list_name="News", consent_source="webinar"
    )
    assert view.list_uuid is not None
    rows = await rows_of(database)
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
    view = await imported(
        runtime, caller, "email,first_name,Surname,phone,plan\nA@X.com,,Adams,2,pro\n"
    )
    assert counts_of(view) == ("done", 0, 1, 0)
    (row,) = await rows_of(database)
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
    view = await imported(runtime, caller, text, list_uuid=target.uuid)
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


async def test_headings_are_recognised_and_the_mapping_has_the_last_word(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    text = "Correo;Full Name;Idioma;Kunde Nr.;Secret\nz@x.com;Zoë van Dyk;pt_br;17;x\n"
    view = await imported(
        runtime, caller, text, mapping={"Kunde Nr.": "external_id", "Secret": "skip"}
    )
    assert view.columns == {
        "Correo": "email",
        "Full Name": "full_name",
        "Idioma": "language",
        "Kunde Nr.": "external_id",
        "Secret": "skip",
    }
    (row,) = await rows_of(database)
    assert (row["first_name"], row["last_name"], row["locale"], row["external_id"]) == (
        "Zoë",
        "van Dyk",
        "pt-BR",
        "17",
    )


async def test_a_file_without_headings_is_a_list_of_addresses(
    runtime: Runtime, caller: Caller
) -> None:
    assert (await imported(runtime, caller, "a@x.com\nb@x.com\n")).created == 2


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
        await start(runtime, caller, content, list_name="News", **new)
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
    view = await imported(runtime, caller, text)
    assert (view.created, view.rejected) == (1, 1)
    assert (await rows_of(database))[0]["attributes"] == {
        "age": 41,
        "since": "2026-05-31",
        "tags": ["x", "y"],
    }
    assert errors_of(runtime, view)[1][-1] == "age: A number."


@pytest.mark.checklist("SEC-10")
async def test_two_tenants_may_have_the_same_people(
    runtime: Runtime, caller: Caller, database: Database
) -> None:
    from tests.builders import make_tenant

    other = Caller((await make_tenant(database)).id, "cli", caller.door, frozenset({"*"}))
    assert (await imported(runtime, caller, "email\na@x.com\n")).created == 1
    assert (await imported(runtime, other, "email,name\na@x.com,Eve\n")).created == 1
    assert [row["first_name"] for row in await rows_of(database)] == [None, "Eve"]
