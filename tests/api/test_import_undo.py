"""Trying an import out, and taking one back."""

from __future__ import annotations

from typing import Any

import httpx2
from sqlalchemy import func, select

from mailwright.services.import_run import run_chunk
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact, make_list, make_message, make_project

FILE = "email,first_name,external_id\n"


async def imported(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, text: str, **fields: Any
) -> dict[str, Any]:
    """The import of a file, finished."""
    answer = await api.post(
        "/imports", params=fields, content=FILE + text, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 202, answer.text
    uuid = answer.json()["data"]["uuid"]
    async with database.reading() as connection:
        found = await connection.execute(
            select(tables.imports.c.tenant_id, tables.imports.c.id).where(
                tables.imports.c.uuid == uuid
            )
        )
        tenant_id, import_id = found.one()
    while await run_chunk(runtime, tenant_id, import_id):
        pass
    return (await api.get(f"/imports/{uuid}")).json()["data"]


async def count(database: Database, table: Any) -> int:
    async with database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_dry_run_counts_and_writes_the_error_file_and_changes_nothing(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id, "bo@example.com", external_id="b-1", first_name="Bo")
    text = (
        "ada@example.com,Ada,a-1\nbo@example.com,Bob,b-1\nnobody,X,\nada@example.com,Again,\n"
        "cy@example.com,Cy,b-1\ndi@example.com,Di,a-1\n"
    )
    dry = await imported(
        api, runtime, database, text, dry_run="true", list_name="Fresh", consent_source="fair"
    )
    assert dry["dry_run"] is True
    assert dry["status"] == "done"
    assert (dry["created"], dry["updated"], dry["rejected"]) == (1, 1, 4)
    errors = (await api.get(f"/imports/{dry['uuid']}/errors.csv")).text
    assert len(errors.splitlines()) == 5
    assert await count(database, tables.contacts) == 1
    assert await count(database, tables.import_addresses) == 0
    for table in (tables.lists, tables.list_members, tables.consents):
        assert await count(database, table) == 0
    real = await imported(api, runtime, database, text, list_name="Fresh")
    same = ("created", "updated", "rejected")
    assert [real[name] for name in same] == [dry[name] for name in same]
    assert (await api.get(f"/imports/{real['uuid']}/errors.csv")).text == errors
    assert (await api.post(f"/imports/{dry['uuid']}/undo")).status_code == 409


async def test_undoing_removes_what_the_import_made_and_nobody_touched(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    a_list = await make_list(database, tenant.id)
    other = await make_list(database, tenant.id)
    known = await make_contact(database, tenant.id, "known@example.com", list_id=a_list.id)
    fresh = await make_contact(database, tenant.id, "fresh@example.com")
    names = ("plain", "changed", "mailed", "left", "listed")
    rows = "".join(f"{name}@example.com,{name},\n" for name in names)
    done = await imported(
        api,
        runtime,
        database,
        rows + "known@example.com,K,\nfresh@example.com,F,\n",
        list_uuid=str(a_list.uuid),
    )
    assert (done["created"], done["updated"]) == (5, 2)
    people = (await api.get("/contacts")).json()["data"]
    uuid = {row["email"].partition("@")[0]: row["uuid"] for row in people}
    await api.patch(f"/contacts/{uuid['changed']}", json={"phone": "1"})
    await api.post(f"/contacts/{uuid['left']}/unsubscribe")
    await api.post(f"/lists/{other.uuid}/contacts", json={"contact_uuid": uuid["listed"]})
    async with database.reading() as connection:
        mailed = await connection.scalar(
            select(tables.contacts.c.id).where(tables.contacts.c.uuid == uuid["mailed"])
        )
    await make_message(database, tenant.id, contact_id=mailed)

    undone = (await api.post(f"/imports/{done['uuid']}/undo")).json()["data"]
    assert undone["status"] == "undone"
    assert undone["undone_at"] is not None
    assert (undone["contacts_removed"], undone["memberships_removed"]) == (1, 6)
    people = (await api.get("/contacts")).json()["data"]
    left = {row["email"].partition("@")[0] for row in people}
    assert left == {"changed", "mailed", "left", "listed", "known", "fresh"}
    members = (await api.get(f"/lists/{a_list.uuid}/contacts")).json()["data"]
    assert [row["uuid"] for row in members] == [str(known.uuid)]
    assert str(fresh.uuid) in {row["uuid"] for row in people}
    again = await api.post(f"/imports/{done['uuid']}/undo")
    assert again.json()["error"]["code"] == "IMPORT_NOT_UNDOABLE"
    [entry] = (await api.get("/audit-log", params={"action": "import."})).json()["data"]
    assert entry["subject"] == f"import:{done['uuid']}"


async def test_a_running_import_is_not_undone(api: httpx2.AsyncClient, database: Database) -> None:
    started = await api.post(
        "/imports", content=FILE + "a@example.com,A,\n", headers={"Content-Type": "text/csv"}
    )
    answer = await api.post(f"/imports/{started.json()['data']['uuid']}/undo")
    assert answer.json()["error"]["code"] == "IMPORT_NOT_UNDOABLE"


async def test_a_file_belongs_to_a_projects_audience(
    api: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    project = await make_project(database, tenant.id)
    done = await imported(
        api, runtime, database, "ada@example.com,Ada,\n", project_uuid=str(project.uuid)
    )
    assert done["project_uuid"] == str(project.uuid)
    await imported(api, runtime, database, "ada@example.com,Ada,a-1\n")
    [ada] = (await api.get("/contacts")).json()["data"]
    assert ada["project_uuid"] == str(project.uuid)
    theirs = await make_project(database, other_tenant.id)
    refused = await api.post(
        "/imports",
        params={"project_uuid": str(theirs.uuid)},
        content=FILE,
        headers={"Content-Type": "text/csv"},
    )
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == ["project_uuid"]
