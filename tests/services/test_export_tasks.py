"""Exports in the background: whole, resumed, harmless, gone in time."""

from __future__ import annotations

import csv
import io

import pytest

from mailwright.domain.doors import Door
from mailwright.errors import Conflict, Forbidden, NotFound
from mailwright.jobs.sweeps import sweep
from mailwright.services import export_run, export_tasks
from mailwright.services.caller import Caller
from mailwright.services.export_tasks import ExportFilter, ExportView, NewExport
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection
from mailwright.services.suppressions import add_suppression
from mailwright.services.tags import change_tags
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact, make_list, make_tenant
from tests.clock import Clock


async def _file(runtime: Runtime, caller: Caller, made: ExportView) -> list[dict[str, str]]:
    pieces = [piece async for piece in await export_tasks.download(runtime, caller, made.uuid)]
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))


async def _id(database: Database, made: ExportView) -> int:
    async with database.reading() as connection:
        found = await connection.scalar(
            tables.exports.select().with_only_columns(tables.exports.c.id)
            .where(tables.exports.c.uuid == made.uuid)
        )  # fmt: skip
    assert found is not None
    return found


async def _run(runtime: Runtime, database: Database, tenant_id: int, made: ExportView) -> None:
    export_id = await _id(database, made)
    while await export_tasks.run_chunk(runtime, tenant_id, export_id):
        pass


@pytest.mark.checklist("X07", "SEC-18")
async def test_a_list_becomes_a_file_whose_formulas_are_text(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    ada = await make_contact(
        database,
        tenant.id,
        "ada@example.com",
        list_id=news.id,
        first_name="=1+1",
        attributes={"plan": "pro"},
    )
    await make_contact(database, tenant.id, "elsewhere@example.com")
    await change_tags(runtime, caller, Selection(contact_uuids=[ada.uuid]), add=["vip", "early"])
    new = NewExport("contacts", {"list_id": news.id}, "Spring", list_id=news.id)
    made = await export_tasks.start_export(runtime, caller, new)
    assert (made.status, made.progress, made.description) == ("pending", 0, "Spring")
    with pytest.raises(Conflict) as refusal:
        await export_tasks.download(runtime, caller, made.uuid)
    assert refusal.value.code == "EXPORT_NOT_READY"
    await _run(runtime, database, tenant.id, made)
    done = await export_tasks.get_export(runtime, caller, made.uuid)
    assert (done.status, done.progress, done.rows_written) == ("ready", 100, 1)
    (row,) = await _file(runtime, caller, made)
    assert (row["email"], row["first_name"]) == ("ada@example.com", "'=1+1")
    assert (row["attributes.plan"], row["contact_tags"]) == ("pro", "early;vip")


async def test_a_file_goes_on_where_it_was_left(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_run, "PIECE_ROWS", 3)
    for number in range(8):
        await make_contact(database, tenant.id, f"{number}@example.com")
    made = await export_tasks.start_export(runtime, caller, NewExport("contacts", {}))
    export_id = await _id(database, made)
    assert await export_tasks.run_chunk(runtime, tenant.id, export_id)
    half = await export_tasks.get_export(runtime, caller, made.uuid)
    assert (half.status, half.progress) == ("pending", 37)
    await sweep(runtime)  # finds it; whoever takes the job goes on
    await _run(runtime, database, tenant.id, made)
    rows = await _file(runtime, caller, made)
    assert [row["email"] for row in rows] == [f"{number}@example.com" for number in range(8)]
    assert not await export_tasks.run_chunk(runtime, tenant.id, export_id)


async def test_after_a_week_or_a_delete_the_file_is_gone_and_the_export_says_so(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    first, second = [
        await export_tasks.start_export(runtime, caller, NewExport("contacts", {}))
        for _ in range(2)
    ]
    await _run(runtime, database, tenant.id, first)
    gone = await export_tasks.delete_export(runtime, caller, second.uuid)
    assert gone.status == "deleted"
    await _run(runtime, database, tenant.id, second)
    clock.advance(days=8)
    await sweep(runtime)
    page = await export_tasks.page_exports(
        runtime, caller, Page(), ExportFilter(kinds=["contacts"], status="deleted")
    )
    assert {row.uuid for row in page.items} == {first.uuid, second.uuid}
    async with database.reading() as connection:
        assert (await connection.execute(tables.export_pieces.select())).first() is None


async def test_one_that_cannot_be_written_fails_and_says_so(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    made = await export_tasks.start_export(runtime, caller, NewExport("recipients", {}))
    await _run(runtime, database, tenant.id, made)
    failed = await export_tasks.get_export(runtime, caller, made.uuid)
    assert (failed.status, failed.error) == ("failed", "It could not be written; export again.")


@pytest.mark.checklist("SEC-10")
async def test_who_may_not_read_contacts_gets_no_file_and_strangers_see_none(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    made = await export_tasks.start_export(runtime, caller, NewExport("contacts", {}))
    await _run(runtime, database, tenant.id, made)
    rights = frozenset({"exports:read", "exports:write"})
    curious = Caller(tenant.id, "key:curious", Door.API, rights)
    with pytest.raises(Forbidden):
        await export_tasks.start_export(runtime, curious, NewExport("contacts", {}))
    with pytest.raises(Forbidden):
        await export_tasks.download(runtime, curious, made.uuid)
    other = await make_tenant(database)
    stranger = Caller(other.id, "key:stranger", Door.API, frozenset({"*"}))
    with pytest.raises(NotFound):
        await export_tasks.get_export(runtime, stranger, made.uuid)


@pytest.mark.checklist("X09")
async def test_suppressions_become_a_file_patterns_among_them(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    for email in ("gone@example.com", "*@closed.example"):
        await add_suppression(runtime, caller, email)
    made = await export_tasks.start_export(runtime, caller, NewExport("suppressions", {}))
    await _run(runtime, database, tenant.id, made)
    rows = await _file(runtime, caller, made)
    assert [row["email"] for row in rows] == ["gone@example.com", "*@closed.example"]
    assert rows[0]["reason"] == "manual"
    assert rows[0]["created_at"].endswith("Z")
    reader = Caller(tenant.id, "key:test", Door.API, frozenset({"exports:write"}))
    with pytest.raises(Forbidden):
        await export_tasks.start_export(runtime, reader, NewExport("suppressions", {}))
