"""A file is looked into, its columns are picked, it is tried, imported and undone."""

from __future__ import annotations

import pytest

from mailwright.domain.custom_field import FieldType
from mailwright.domain.doors import Door
from mailwright.domain.import_columns import FIELDS
from mailwright.services import contacts, imports
from mailwright.services.caller import Caller
from mailwright.services.custom_fields import create_custom_field
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.web.imports import FIELD_WORDS
from tests.builders import MadeTenant
from tests.web.browsing import Browser

HOSTILE = '"><script>alert(1)</script>'
CSV = (
    "Mail privat;Name;Tarif;Notiz\n"
    "ada@example.com;Ada;pro;\n"
    '"alan@example.com";Alan;free;"two\nlines"\n'
    "nobody;X;;\n"
    "grace@example.com;Grace;pro;x\n"
)


@pytest.fixture
def operator(tenant: MadeTenant) -> Caller:
    return Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))


async def bring(owner: Browser, text: str = CSV, name: str = "people.csv", **fields: str) -> str:
    """Posts the file; returns the path of its page, which is open then."""
    await owner.open("/imports/new")
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    form = {"csrf": token.attributes["value"] or "", "list_name": "News", **fields}
    owner.answer = await owner.client.post(
        "/imports/new", data=form, files={"file": (name, text.encode())}
    )
    assert owner.answer.status_code == 303, owner.text
    path = owner.answer.headers["location"]
    await owner.open(path)
    return path


async def run(runtime: Runtime, operator: Caller) -> None:
    while (row := (await imports.page_imports(runtime, operator, Page())).items[0]).status in {
        "queued",
        "running",
    }:
        await imports.run_import_here(runtime, operator, row.uuid)


def chosen(owner: Browser) -> list[str]:
    options = owner.page.css("select option[selected]")
    return [option.attributes["value"] or "" for option in options]


def columns(owner: Browser) -> list[str]:
    return [" ".join(row.text(separator=" ").split()) for row in owner.page.css("tbody tr")]


def test_every_field_of_a_file_has_words() -> None:
    assert set(FIELD_WORDS) == set(FIELDS)


async def test_columns_are_shown_with_their_first_values_and_what_they_seem_to_be(
    owner: Browser, runtime: Runtime, operator: Caller
) -> None:
    await create_custom_field(runtime, operator, name="Tarif", kind=FieldType("text"))
    await bring(owner, CSV.replace("Mail privat", "E-Mail"))
    assert chosen(owner) == ["email", "full_name", "attributes.tarif", "attribute"]
    rows = columns(owner)
    assert rows[0].startswith("E-Mail ada@example.com alan@example.com nobody Email address")
    assert "two lines" in rows[3]
    key = owner.page.css_first('input[name="row.3.key"]')
    assert key is not None
    assert key.attributes["value"] == "notiz"
    assert (await owner.open("/imports")).status_code == 200
    assert "not started yet" in owner.text


async def test_a_file_is_tried_imported_and_undone(
    owner: Browser, runtime: Runtime, operator: Caller
) -> None:
    path = await bring(owner, CSV.replace("Mail privat", "E-Mail"))
    picks = {
        "row.1.target": "first_name",
        "row.2.target": "attribute",
        "row.2.key": "plan",
        "row.3.target": "skip",
    }
    await owner.submit(f"{path}/start", {**picks, "dry_run": "on"})
    await run(runtime, operator)
    await owner.open(path)
    assert "nothing was changed. 3 new contacts would be made" in owner.text
    assert "1 row left out" in owner.text
    assert (await contacts.page_contacts(runtime, operator, Page())).total == 0
    await owner.open(f"{path}?columns=yes")
    assert chosen(owner) == ["email", "first_name", "attribute", "skip"]
    await owner.open(path)
    await owner.submit(f"{path}/start")
    await run(runtime, operator)
    await owner.open(path)
    assert "attribute plan" in owner.text
    assert "3" in owner.text
    found = await contacts.page_contacts(runtime, operator, Page())
    assert sorted(row.email for row in found.items) == [
        "ada@example.com",
        "alan@example.com",
        "grace@example.com",
    ]
    errors = await owner.client.get(f"{path}/errors.csv")
    assert errors.text.count("nobody") == 1
    await owner.open("/lists")
    assert "News" in owner.text
    await owner.open(path)
    await owner.submit(f"{path}/undo")
    assert "The import is being undone." in owner.text
    assert not owner.page.css(f'form[action="{path}/start"]')


@pytest.mark.parametrize(
    ("picks", "where"),
    [
        ({"row.0.target": "skip"}, ".flash.error"),
        ({"row.1.target": "email"}, '[id="column.1-error"]'),
        ({"row.1.target": "attribute", "row.1.key": " "}, '[id="column.1-error"]'),
        ({"row.1.target": "moon"}, '[id="column.1-error"]'),
    ],
)
async def test_what_is_wrong_stands_beside_its_column(
    owner: Browser, picks: dict[str, str], where: str
) -> None:
    path = await bring(owner, "email;Name\nada@example.com;Ada\n")
    await owner.submit(f"{path}/start", picks)
    assert owner.answer.status_code == 422
    assert owner.page.css(where), owner.text
    await owner.open("/imports")
    assert "not started yet" in owner.text


async def test_a_file_can_be_thrown_away_and_is_then_unknown(
    owner: Browser, runtime: Runtime
) -> None:
    path = await bring(owner, "email\nada@example.com\n")
    folder = runtime.settings.data_dir / "imports"
    assert len(list(folder.iterdir())) == 1
    await owner.submit(f"{path}/discard")
    assert "No imports yet" in owner.text
    assert list(folder.iterdir()) == []
    assert (await owner.open(path)).status_code == 404


async def test_a_file_without_headings_has_numbered_columns(owner: Browser) -> None:
    await bring(owner, "ada@example.com,Ada\nalan@example.com,Alan\n")
    rows = columns(owner)
    assert rows[0].startswith("email ada@example.com alan@example.com")
    assert rows[1].startswith("column_2 Ada Alan")


@pytest.mark.checklist("SEC-03")
async def test_what_stands_in_a_file_is_text(owner: Browser) -> None:
    cell = HOSTILE.replace('"', '""')
    await bring(owner, f'email,"{cell}"\n"a@example.com","{cell}"\n', name=f"{HOSTILE}.csv")
    assert "<script>alert" not in owner.answer.text
    assert "alert(1)" in owner.answer.text


async def test_two_hundred_columns_fit_the_form(owner: Browser) -> None:
    header = ",".join(["email", *(f"c{number}" for number in range(199))])
    path = await bring(owner, f"{header}\na@example.com{',x' * 199}\n")
    await owner.submit(f"{path}/start", {"dry_run": "on"}, follow=False)
    assert owner.answer.status_code == 303
