"""`/imports`: files that arrive over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, text

from mailwright.services import import_files, imports
from mailwright.services.runtime import Runtime
from mailwright.settings import Settings
from mailwright.store.tables import imports as imports_table
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant, make_list

CSV = "email,first_name\nzoe@example.com,Zoë\nnobody,N\n"


async def _finish(runtime: Runtime, tenant: MadeTenant) -> None:
    async with runtime.database.reading() as connection:
        ids = (await connection.scalars(select(imports_table.c.id))).all()
    for import_id in ids:
        while await imports.run_chunk(runtime, tenant.id, import_id):
            pass


async def test_a_form_is_taken_in_and_reported(
    api: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    answer = await api.post(
        "/imports",
        files={"file": ("people.csv", CSV.encode(), "text/csv")},
        data={
            "list_name": "News",
            "consent_source": "webinar",
            "mapping": '{"first_name": "last_name"}',
        },
    )
    assert answer.status_code == 202, answer.text
    started = answer.json()["data"]
    assert started["status"] == "queued"
    assert started["file_name"] == "people.csv"
    assert started["columns"] == {"email": "email", "first_name": "last_name"}
    await _finish(runtime, tenant)
    path = f"/imports/{started['uuid']}"
    data = (await api.get(path)).json()["data"]
    assert (data["status"], data["created"], data["rejected"]) == ("done", 1, 1)
    errors = await api.get(f"{path}/errors.csv")
    assert errors.headers["content-type"].startswith("text/csv")
    assert "nobody,N,3,This is not a valid address." in errors.text
    (contact,) = (await api.get("/contacts")).json()["data"]
    assert contact["last_name"] == "Zoë"
    listed = (await api.get("/imports")).json()
    assert [row["uuid"] for row in listed["data"]] == [started["uuid"]]
    assert (await api.get("/lists", params={"search": "News"})).json()["data"][0][
        "contacts_count"
    ] == 1


async def test_a_plain_body_streams_to_disk_and_asks_for_a_job(
    api: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"email\n"
        for number in range(100):
            yield b"p%d@example.com\n" % number

    answer = await api.post(
        "/imports?list_name=News", content=pieces(), headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 202, answer.text
    async with runtime.database.reading() as connection:
        jobs = (await connection.execute(text("SELECT entrypoint FROM jobs.pgqueuer"))).all()
    assert [row[0] for row in jobs] == ["run_import"]
    await _finish(runtime, tenant)
    assert (await api.get("/contacts")).json()["pagination"]["total"] == 100
    nothing = await api.get(f"/imports/{answer.json()['data']['uuid']}/errors.csv")
    assert nothing.status_code == 404


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"data": {"list_name": "x"}, "files": {"other": ("a.csv", b"email\n")}}, "file"),
        ({"files": {"file": ("a.csv", b"name\nA\n")}}, "file"),
        ({"files": {"file": ("a.csv", b"")}}, "file"),
        ({"files": {"file": ("a.csv", b"email\n")}, "data": {"list": "x"}}, "list"),
        ({"files": {"file": ("a.csv", b"email\n")}, "data": {"list_uuid": "x"}}, "list_uuid"),
        ({"files": {"file": ("a.csv", b"email\n")}, "data": {"mapping": "x"}}, "mapping"),
        ({"files": {"file": ("a.csv", b"email\n")}, "data": {"list_name": "a\0"}}, "form"),
        ({"content": b"", "headers": {"Content-Type": "text/csv"}}, "file"),
        (
            {"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            "file",
        ),
    ],
)
async def test_a_bad_upload_is_refused_and_leaves_nothing(
    api: httpx2.AsyncClient, runtime: Runtime, request_: dict[str, Any], field: str
) -> None:
    answer = await api.post("/imports", **request_)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"].keys() == {field}
    assert list(import_files.folder(runtime.settings).iterdir()) == []


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Uploads of one megabyte."""
    return settings.model_copy(update={"upload_megabytes_max": 1})


@pytest.mark.checklist("SEC-19")
@pytest.mark.parametrize("form", [True, False])
async def test_an_upload_beyond_the_limit_is_refused_and_leaves_nothing(
    api: httpx2.AsyncClient, runtime: Runtime, form: bool
) -> None:
    big = b"email\n" + b"a@example.com\n" * 100_000
    answer = (
        await api.post("/imports", files={"file": ("a.csv", big)})
        if form
        else await api.post("/imports", content=big, headers={"Content-Type": "text/csv"})
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert list(import_files.folder(runtime.settings).iterdir()) == []


@pytest.mark.checklist("SEC-10")
async def test_imports_and_lists_of_others_are_out_of_reach(
    api: httpx2.AsyncClient,
    other_api: httpx2.AsyncClient,
    runtime: Runtime,
    other_tenant: MadeTenant,
) -> None:
    theirs = await make_list(runtime.database, other_tenant.id)
    files = {"file": ("a.csv", CSV.encode())}
    refused = await api.post("/imports", files=files, data={"list_uuid": str(theirs.uuid)})
    assert refused.status_code == 422
    made = (await other_api.post("/imports", files=files)).json()["data"]
    await _finish(runtime, other_tenant)
    for path in (f"/imports/{made['uuid']}", f"/imports/{made['uuid']}/errors.csv"):
        assert (await api.get(path)).status_code == 404
        assert (await other_api.get(path)).status_code == 200
    assert (await api.get("/imports")).json()["data"] == []


async def test_importing_needs_its_scope(api_as: ApiAs, tenant: MadeTenant) -> None:
    reader = await api_as(tenant, "imports:read", "contacts:write")
    answer = await reader.post("/imports", files={"file": ("a.csv", CSV.encode())})
    assert answer.json()["error"]["details"] == {"missing_scope": "imports:write"}


async def test_a_file_that_is_held_is_looked_into_tried_and_started(
    api: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    file = {"file": ("people.csv", b"E-Mail,Tarif\nzoe@example.com,pro\nada@example.com,free\n")}
    answer = await api.post("/imports", files=file, data={"list_name": "News", "held": "true"})
    held = answer.json()["data"]
    assert (held["status"], held["held"]) == ("waiting", True)
    path = f"/imports/{held['uuid']}"
    assert (await api.get(f"{path}/columns")).json()["data"][1] == {
        "heading": "Tarif",
        "target": "attributes.tarif",
        "samples": ["pro", "free"],
    }
    for columns, field in ((["email"], "columns"), (["email", "email"], "column.1")):
        refused = await api.post(f"{path}/start", json={"columns": columns})
        assert refused.status_code == 422
        assert field in refused.json()["error"]["details"]
    chosen = {"columns": ["email", "attributes.plan"], "dry_run": True}
    assert (await api.post(f"{path}/start", json=chosen)).status_code == 202
    await _finish(runtime, tenant)
    tried = (await api.get(path)).json()["data"]
    assert (tried["status"], tried["created"], tried["held"]) == ("done", 2, True)
    assert (await api.get("/contacts")).json()["data"] == []
    assert (await api.post(f"{path}/start", json={})).status_code == 202
    await _finish(runtime, tenant)
    done = (await api.get(path)).json()["data"]
    assert (done["created"], done["held"], done["dry_run"]) == (2, False, False)
    for attempt in (api.get(f"{path}/columns"), api.post(f"{path}/start", json={})):
        assert (await attempt).json()["error"]["code"] == "IMPORT_NOT_HELD"
    assert (await api.delete(path)).status_code == 409


async def test_a_file_that_is_held_can_be_thrown_away(api: httpx2.AsyncClient) -> None:
    answer = await api.post(
        "/imports", files={"file": ("x.csv", CSV.encode())}, data={"held": "on"}
    )
    path = f"/imports/{answer.json()['data']['uuid']}"
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
