"""Logs and reports as files: whole, as they were when asked for, and of one tenant."""

from __future__ import annotations

import csv
import io

from mailwright.domain.email_event import EventKind
from mailwright.services import export_tasks, report_exports
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.export_tasks import ExportFilter, ExportView
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_list
from tests.services.test_campaign_events import tell


async def _file(
    runtime: Runtime, database: Database, caller: Caller, made: ExportView
) -> list[dict[str, str]]:
    exports = tables.exports.c
    async with database.reading() as connection:
        statement = tables.exports.select().with_only_columns(exports.id)
        export_id = await connection.scalar(statement.where(exports.uuid == made.uuid))
    assert export_id is not None
    while await export_tasks.run_chunk(runtime, caller.tenant_id, export_id):
        pass
    pieces = [piece async for piece in await export_tasks.download(runtime, caller, made.uuid)]
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))


async def test_a_log_is_exported_as_it_was_when_asked_for(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    sent = [await story.note("sent", who) for who in range(3)]
    opened = await story.note("opened", 0, data={"agent": "=cmd()"})
    query = EventQuery(kinds=[EventKind.SENT, EventKind.OPENED])
    made = await report_exports.export_campaign_log(
        runtime, caller, story.campaign.uuid, query, description="May"
    )
    await story.note("sent", 0)
    rows = await _file(runtime, database, caller, made)
    assert [int(row["event_id"]) for row in rows] == [*sent, opened]
    assert rows[3]["agent"] == "'=cmd()"
    assert rows[0]["email"] == f"p0-{story.campaign.id}@x.example"
    wanted = ExportFilter(parameters={"campaign_uuid": str(story.campaign.uuid)})
    found = await export_tasks.page_exports(runtime, caller, Page(), wanted)
    assert [row.description for row in found.items] == ["May"]


async def test_the_log_of_a_list_is_exported(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    a_list = await make_list(database, tenant.id)
    empty = await report_exports.export_list_log(runtime, caller, a_list.uuid, EventQuery())
    assert await _file(runtime, database, caller, empty) == []
    for _ in range(2):
        story = await tell(database, tenant, list_id=a_list.id)
        await story.note("bounced", 0, data={"reason": "mailbox-full"})
    made = await report_exports.export_list_log(runtime, caller, a_list.uuid, EventQuery())
    rows = await _file(runtime, database, caller, made)
    assert [(row["kind"], row["bounce"]) for row in rows] == [("bounced", "full_mailbox")] * 2


async def test_every_campaign_is_a_line_of_the_exported_reports(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
) -> None:
    story = await tell(database, tenant, name="May", state="sent")
    made = await report_exports.export_reports(runtime, caller)
    await tell(database, tenant, name="June")
    (row,) = await _file(runtime, database, caller, made)
    assert (row["campaign_uuid"], row["name"]) == (str(story.campaign.uuid), "May")
    assert (row["status"], row["sent"], row["skipped"]) == ("sent", "0", "0")
