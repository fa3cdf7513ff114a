"""Templates in Cakemail's form: one content each, editable in place."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_template
from tests.dialects.cakemail.campaign_stories import HTML
from tests.dialects.cakemail.document import assert_answer

ONE = "/templates/{template_id}"


async def _create(client: httpx2.AsyncClient, **fields: Any) -> int:
    body = {"name": "Letter", "content": {"type": "html", "subject": "News", "html": HTML}}
    answer = await client.post("/templates", json=body | fields)
    return assert_answer("/templates", answer, 201)["id"]


@pytest.mark.checklist("X02")
async def test_a_template_lives_from_first_to_last(client: httpx2.AsyncClient) -> None:
    number = await _create(client, description="Monthly", tags=["news", "april"])
    shown = assert_answer(ONE, await client.get(f"/templates/{number}"))["data"]
    assert (shown["name"], shown["description"], shown["tags"]) == (
        "Letter",
        "Monthly",
        ["news", "april"],
    )
    assert (shown["content"]["type"], shown["content"]["subject"]) == ("html", "News")
    assert "Hello!" in shown["content"]["html"]
    told = await client.patch(f"/templates/{number}", json={"content": {"subject": "Other"}})
    data = assert_answer(ONE, told)["data"]
    assert data["content"]["subject"] == "Other"
    assert data["content"]["html"] == shown["content"]["html"]
    told = await client.patch(
        f"/templates/{number}", json={"name": "L2", "content": {"type": "html", "html": "<p>2</p>"}}
    )
    data = assert_answer(ONE, told)["data"]
    assert (data["name"], data["content"]["subject"]) == ("L2", "Other")
    assert "Hello!" not in data["content"]["text"]
    page = await client.get(f"/templates/{number}/render")
    assert page.headers["content-type"].startswith("text/html")
    assert ">2<" in page.text
    assert_answer(ONE, await client.delete(f"/templates/{number}"))
    assert_answer(ONE, await client.get(f"/templates/{number}"), 404)


async def test_designs_and_plain_texts_are_kept(client: httpx2.AsyncClient) -> None:
    design = {"type": "bee", "json": {"rows": [1]}, "html": HTML}
    shown = (await client.get(f"/templates/{await _create(client, content=design)}")).json()
    assert (shown["data"]["content"]["type"], shown["data"]["content"]["json"]) == (
        "bee",
        {"rows": [1]},
    )
    text = {"type": "text", "text": "Hello <you>"}
    answer = await client.get(f"/templates/{await _create(client, content=text)}")
    content = assert_answer(ONE, answer)["data"]["content"]
    assert (content["type"], content["text"]) == ("text", "Hello <you>")
    assert "html" not in content


async def test_the_programs_flat_form_means_the_same(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/templates", json={"name": "Flat", "subject": "S", "html": HTML})
    number = assert_answer("/templates", answer, 201)["id"]
    answer = await client.patch(f"/templates/{number}", json={"html": "<p>new</p>"})
    assert "new" in assert_answer(ONE, answer)["data"]["content"]["html"]


@pytest.mark.checklist("X05")
async def test_templates_are_filtered_and_sorted(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    first = await _create(client, name="b", tags=["news"])
    second = await _create(client, name="a")
    await make_template(database, other_tenant.id)

    async def found(**asked: str) -> list[int]:
        told = assert_answer("/templates", await client.get("/templates", params=asked))
        return [row["id"] for row in told["data"]]

    assert await found() == [first, second]
    assert await found(sort="-id") == [second, first]
    assert await found(sort="name") == [second, first]
    assert await found(filter="tag==news") == [first]
    assert await found(filter="name==a;is_owner==true") == [second]
    assert await found(filter="is_not_owner==true") == []
    counted = await client.get("/templates", params={"with_count": "true", "per_page": 1})
    assert assert_answer("/templates", counted)["pagination"]["count"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": {"type": "html", "html": HTML}}, "name"),
        ({"name": "x", "content": {"type": "odd", "html": HTML}}, "content.type"),
        ({"name": "x", "content": {"type": "html", "html": "{% if %}"}}, "content.html"),
        ({"name": "x", "content": {"type": "html", "html": HTML}, "tags": [""]}, "tags"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx2.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.post("/templates", json=body)
    assert answer.status_code in (400, 422)
    told = assert_answer("/templates", answer, answer.status_code)
    assert field in [".".join(map(str, item["loc"][1:])) for item in told["detail"]]
    assert (await client.get("/templates")).json()["data"] == []
