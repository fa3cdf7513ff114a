"""An import that waits: looked into, begun once, discarded, forgotten after a week."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailwright.domain.doors import Door
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import held_imports, imports
from mailwright.services.caller import Caller
from mailwright.services.held_imports import begin_import, discard_import, look_into_import
from mailwright.services.imports import ImportView, NewImport
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_tenant
from tests.clock import Clock

CSV = "sep=;\nE-Mail;Tarif\n\nada@example.com;pro\n;\nalan@example.com;free\n"


@pytest.fixture
def caller(tenant: MadeTenant) -> Caller:
    return Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))


@pytest.fixture
async def held(runtime: Runtime, caller: Caller, tmp_path: Path) -> ImportView:
    source = tmp_path / "people.csv"
    source.write_text(CSV)
    new = NewImport("people.csv", list_name="News", held=True)
    return await imports.start_import(runtime, caller, new, source)


async def run(runtime: Runtime, caller: Caller, view: ImportView) -> ImportView:
    while view.status in {"queued", "running"}:
        view = await imports.run_import_here(runtime, caller, view.uuid)
    return view


async def test_nothing_happens_before_it_is_begun(
    runtime: Runtime, caller: Caller, held: ImportView
) -> None:
    assert (held.status, held.held) == ("waiting", True)
    assert (await imports.run_import_here(runtime, caller, held.uuid)).status == "waiting"
    columns = await look_into_import(runtime, caller, held.uuid)
    assert [(one.heading, one.target, list(one.samples)) for one in columns] == [
        ("E-Mail", "email", ["ada@example.com", "alan@example.com"]),
        ("Tarif", "attributes.tarif", ["pro", "free"]),
    ]


async def test_a_try_can_be_repeated_and_then_meant(
    runtime: Runtime, caller: Caller, held: ImportView
) -> None:
    key = (runtime, caller, held.uuid)
    for targets in (["email", "skip"], ["email", "attributes.plan"]):
        tried = await run(runtime, caller, await begin_import(*key, targets, dry_run=True))
        assert (tried.status, tried.created, tried.rejected, tried.held) == ("done", 2, 1, True)
    meant = await run(runtime, caller, await begin_import(*key, dry_run=False))
    assert (meant.status, meant.created, meant.rejected, meant.held) == ("done", 2, 1, False)
    assert meant.columns == {"E-Mail": "email", "Tarif": "attributes.plan"}
    assert meant.list_uuid is not None
    path = await imports.get_error_file(*key)
    assert path.read_text().count("\n") == 2
    with pytest.raises(Conflict):
        await begin_import(*key, dry_run=False)
    with pytest.raises(Conflict):
        await look_into_import(*key)


async def test_while_it_runs_it_cannot_be_begun_again(
    runtime: Runtime, caller: Caller, held: ImportView
) -> None:
    await begin_import(runtime, caller, held.uuid, dry_run=True)
    with pytest.raises(Conflict):
        await begin_import(runtime, caller, held.uuid, dry_run=False)
    with pytest.raises(Conflict):
        await discard_import(runtime, caller, held.uuid)


async def test_columns_must_fit_the_file(
    runtime: Runtime, caller: Caller, held: ImportView
) -> None:
    for targets in (["email"], ["email", "email"], ["skip", "skip"], ["email", "attributes."]):
        with pytest.raises(InvalidInput):
            await begin_import(runtime, caller, held.uuid, targets, dry_run=False)
    assert (await imports.get_import(runtime, caller, held.uuid)).status == "waiting"


async def test_after_a_week_it_is_forgotten(
    runtime: Runtime, caller: Caller, held: ImportView, clock: Clock
) -> None:
    clock.advance(days=6)
    await held_imports.forget_held_imports(runtime)
    await imports.get_import(runtime, caller, held.uuid)
    clock.advance(days=2)
    await held_imports.forget_held_imports(runtime)
    assert (await imports.page_imports(runtime, caller, Page())).total == 0
    assert list((runtime.settings.data_dir / "imports").iterdir()) == []


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_import_is_unknown(
    runtime: Runtime, held: ImportView, database: Database
) -> None:
    other = await make_tenant(database)
    stranger = Caller(other.id, "cli", Door.CLI, frozenset({"*"}))
    for attempt in (
        look_into_import(runtime, stranger, held.uuid),
        begin_import(runtime, stranger, held.uuid, dry_run=False),
        discard_import(runtime, stranger, held.uuid),
    ):
        with pytest.raises(NotFound):
            await attempt
