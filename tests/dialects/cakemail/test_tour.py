"""Every answered operation is called, and its answer is as Cakemail's document says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember, create_member
from mailwright.services.runtime import Runtime
from tests.browser.installation import Installation, running
from tests.builders import MadeTenant
from tests.dialects.cakemail import sheet, tour
from tests.dialects.cakemail.document import assert_answer, document
from tests.dialects.cakemail.tour import Step

PATIENCE_SECONDS = 20
HERE = Path(__file__).parent


@pytest.fixture
async def installation(runtime: Runtime) -> AsyncGenerator[Installation]:
    async with running(runtime) as made:
        yield made


@pytest.fixture
async def traveller(
    installation: Installation, tenant: MadeTenant
) -> AsyncGenerator[httpx2.AsyncClient]:
    """The owner, who signed in as the document has it."""
    by = Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))
    owner = NewMember("owner@harbour.example", tour.PASSWORD, Role.OWNER)
    await create_member(installation.runtime, by, owner)
    base = f"{installation.url}/cakemail"
    async with httpx2.AsyncClient(base_url=base) as made:
        form = {"username": owner.email, "password": owner.password}
        token = (await made.post("/token", data=form)).json()["access_token"]
        made.headers["Authorization"] = f"Bearer {token}"
        yield made


@pytest.mark.checklist("X02", "X05", "X06", "X07", "X08", "X09", "X10")
async def test_every_answer_is_as_the_document_says(traveller: httpx2.AsyncClient) -> None:
    ids = dict(tour.WORDS)
    answered = {found.name for found in sheet.operations() if found.answered}
    wrong: list[str] = []
    for step in tour.STEPS:
        if step.operation in answered:
            try:
                await _taken(traveller, step, ids)
            except (AssertionError, LookupError, TimeoutError) as error:
                wrong.append(f"{step.operation}: {error!r}")
    assert not wrong, "\n\n".join(wrong)


def test_no_answered_operation_is_left_out() -> None:
    toured = {step.operation for step in tour.STEPS}
    for found in sheet.operations():
        if not found.answered or found.name in toured:
            continue
        file = tour.ELSEWHERE.get(found.name)
        assert file is not None, f"{found.name} is called in no test."
        word = re.findall(r"[a-z]+", found.name)[-1]
        assert word in (HERE / file).read_text(encoding="utf-8"), f"{found.name} is not in {file}."


async def _taken(client: httpx2.AsyncClient, step: Step, ids: dict[str, str]) -> None:
    """Takes one step, and keeps the id that it gives."""
    method, _, path = step.operation.partition(" ")
    url = re.sub(r"\{(\w+)\}", lambda found: ids[step.at.get(found[1], found[1])], path)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            asked = f"{url}?{step.query}" if step.query else url
            body = None if step.body is None else _filled(step.body, ids)
            answer = await client.request(method, asked, json=body)
            told = _checked(method, path, answer)
            if step.until is None or step.until in _statuses(told):
                break
            await asyncio.sleep(0.1)
    if step.keep is not None:
        ids[step.keep] = str(_id(told))


def _checked(method: str, path: str, answer: httpx2.Response) -> Any:
    """The answer, in the form that the document has for this operation."""
    responses = document()["paths"][path][method.lower()]["responses"]
    status = next(int(code) for code in responses if code.startswith("2"))
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
    kind = next(iter(responses[str(status)]["content"]))
    assert answer.headers["content-type"].startswith(kind)
    return assert_answer(path, answer, status) if kind == "application/json" else answer.text


def _filled(body: Any, ids: dict[str, str]) -> Any:
    """The body with the ids in it; where the document has a number, a number."""
    if isinstance(body, dict):
        parts = cast("dict[str, Any]", body)
        return {name: _filled(part, ids) for name, part in parts.items()}
    if isinstance(body, list):
        return [_filled(part, ids) for part in cast("list[Any]", body)]
    if isinstance(body, str) and body.startswith("{") and body.endswith("}"):
        word = body[1:-1]
        return ids[word] if word == "sender_id" else int(ids[word])
    return body


def _statuses(told: Any) -> set[str]:
    data = told["data"]
    rows = cast("list[dict[str, Any]]", data if isinstance(data, list) else [data])
    return {str(row.get("status")) for row in rows}


def _id(told: Any) -> Any:
    data = told.get("data", told)
    if isinstance(data, list):
        return cast("list[dict[str, Any]]", data)[0]["id"]
    return told.get("id") or told.get("email_id") or data["id"]
