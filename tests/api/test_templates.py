"""`/templates`: drafts, published versions, variants, and what a text asks for."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from mailwright.store.database import Database
from tests.api.campaign_stories import code, details
from tests.builders import MadeTenant, make_contact

LETTER = {"name": "Monthly letter", "subject": "News", "content": "Hello {{ first_name }}."}


async def _made(api: httpx2.AsyncClient, **fields: Any) -> tuple[dict[str, Any], str]:
    """A template and the path of its first version."""
    answer = await api.post("/templates", json=LETTER | fields)
    assert answer.status_code == 201, answer.text
    template = answer.json()["data"]
    version = template["versions"][0]["uuid"]
    return template, f"/templates/{template['uuid']}/versions/{version}"


async def _data(answer: httpx2.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


async def test_a_template_begins_with_a_draft_and_a_slug_of_its_name(
    api: httpx2.AsyncClient,
) -> None:
    template, path = await _made(api, name="Order shipped!")
    assert template["slug"] == "order-shipped"
    version = await _data(await api.get(path))
    assert (version["number"], version["state"], version["subject"]) == (1, "draft", "News")
    assert version["content"] == "Hello {{ first_name }}."
    assert "Hello {{ first_name }}" in version["html"]
    again, _ = await _made(api, name="Order shipped!")
    assert again["slug"].startswith("order-shipped-")


async def test_a_slug_belongs_to_one_template(api: httpx2.AsyncClient) -> None:
    await _made(api, slug="letter")
    answer = await api.post("/templates", json=LETTER | {"slug": "letter"})
    assert (answer.status_code, code(answer)) == (409, "DUPLICATE_RESOURCE")
    assert "slug" in details(answer)
    answer = await api.post("/templates", json=LETTER | {"slug": "Not a slug"})
    assert "slug" in details(answer)


@pytest.mark.checklist("M08")
async def test_a_published_version_never_changes_until_it_is_unpublished(
    api: httpx2.AsyncClient,
) -> None:
    _, path = await _made(api)
    published = await _data(await api.post(f"{path}/publish"))
    assert published["state"] == "published"
    assert published["published_at"] is not None
    answer = await api.patch(path, json={"subject": "Other news"})
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_PUBLISHED")
    assert (await _data(await api.get(path)))["subject"] == "News"
    draft = await _data(await api.post(f"{path}/unpublish"))
    assert (draft["state"], draft["published_at"]) == ("draft", None)
    changed = await _data(await api.patch(path, json={"subject": "Other news"}))
    assert changed["subject"] == "Other news"


async def test_nothing_to_say_cannot_be_published(api: httpx2.AsyncClient) -> None:
    _, path = await _made(api, content=None)
    answer = await api.post(f"{path}/publish")
    assert (answer.status_code, code(answer)) == (422, "TEMPLATE_VERSION_EMPTY")


async def test_a_new_version_gets_the_next_number(api: httpx2.AsyncClient) -> None:
    template, path = await _made(api)
    await api.post(f"{path}/publish")
    answer = await api.post(f"/templates/{template['uuid']}/versions", json={"content": "Two."})
    second = await _data(answer, 201)
    assert (second["number"], second["state"]) == (2, "draft")
    read = await _data(await api.get(f"/templates/{template['uuid']}"))
    numbers = [(version["number"], version["state"]) for version in read["versions"]]
    assert numbers == [(2, "draft"), (1, "published")]


@pytest.mark.checklist("M44")
async def test_variants_are_versions_of_the_same_template_one_per_language(
    api: httpx2.AsyncClient,
) -> None:
    template, path = await _made(api, locale="en")
    spanish = await _data(await api.post(f"{path}/variants", json={"locale": "es"}), 201)
    assert spanish["template_uuid"] == template["uuid"]
    assert (spanish["number"], spanish["locale"], spanish["state"]) == (1, "es", "draft")
    assert spanish["content"] == "Hello {{ first_name }}."
    base = await _data(await api.get(path))
    assert spanish["locale_group"] == base["locale_group"] == base["uuid"]
    answer = await api.post(f"{path}/variants", json={"locale": "ES"})
    assert (answer.status_code, code(answer)) == (409, "DUPLICATE_RESOURCE")
    assert "locale" in details(answer)


async def test_a_draft_joins_the_locale_group_of_its_own_template_only(
    api: httpx2.AsyncClient,
) -> None:
    template, path = await _made(api, locale="en")
    _, other_path = await _made(api)
    versions = f"/templates/{template['uuid']}/versions"
    second = await _data(await api.post(versions, json={"locale": "de", "content": "Hallo"}), 201)
    mine, others = path.rpartition("/")[2], other_path.rpartition("/")[2]
    answer = await api.patch(f"{versions}/{second['uuid']}", json={"locale_group": others})
    assert answer.status_code == 422
    assert "locale_group" in details(answer)
    joined = await _data(
        await api.patch(f"{versions}/{second['uuid']}", json={"locale_group": mine})
    )
    assert (joined["number"], joined["locale_group"]) == (1, mine)


async def test_variables_are_those_declared_and_those_found(api: httpx2.AsyncClient) -> None:
    declared = [{"name": "order_number", "fallback": "unknown"}]
    _, path = await _made(
        api,
        subject="Order {{ order_number }} of {{ contact.first_name }}",
        content="{{ attributes.plan }} [Leave]({{ unsubscribeUrl }})",
        variables=declared,
    )
    version = await _data(await api.get(path))
    found = [(each["name"], each["declared"]) for each in version["variables"]]
    assert found == [
        ("order_number", True),
        ("contact.first_name", False),
        ("attributes.plan", False),
    ]


async def test_an_undeclared_word_is_refused_by_name(api: httpx2.AsyncClient) -> None:
    answer = await api.post("/templates", json=LETTER | {"content": "{{ ordr }}"})
    assert answer.status_code == 422
    assert "ordr" in details(answer)["content"][0]


async def test_a_version_is_rendered_with_data_over_fallbacks(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    declared = [{"name": "order", "fallback": "unknown"}]
    _, path = await _made(
        api, subject="Order {{ order }}", content="For {{ first_name }}", variables=declared
    )
    shown = await _data(await api.post(f"{path}/render", json={}))
    assert shown["subject"] == "Order unknown"
    assert "For Ada" in shown["text"]
    reader = await make_contact(database, tenant.id, first_name="<b>Grace</b>")
    asked = {"data": {"order": "7"}, "contact_uuid": str(reader.uuid)}
    shown = await _data(await api.post(f"{path}/render", json=asked))
    assert shown["subject"] == "Order 7"
    assert "For &lt;b&gt;Grace&lt;/b&gt;" in shown["html"]


async def test_a_template_is_renamed_searched_and_deleted(api: httpx2.AsyncClient) -> None:
    template, _ = await _made(api)
    where = f"/templates/{template['uuid']}"
    renamed = await _data(await api.patch(where, json={"name": "Letter", "slug": "letter-2"}))
    assert (renamed["name"], renamed["slug"]) == ("Letter", "letter-2")
    rows = (await api.get("/templates", params={"search": "letter-2"})).json()
    assert [row["uuid"] for row in rows["data"]] == [template["uuid"]]
    assert rows["data"][0]["versions_count"] == 1
    assert (await api.delete(where)).status_code == 204
    assert (await api.get(where)).status_code == 404


async def test_mjml_is_a_body_and_read_back(api: httpx2.AsyncClient) -> None:
    source = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>Ahoy {{ contact.first_name }}</mj-text>"
        "</mj-column></mj-section></mj-body></mjml>"
    )
    body = {"name": "Letter", "subject": "News", "mjml": source, "text": "Ahoy"}
    made = await _data(await api.post("/templates", json=body), 201)
    path = f"/templates/{made['uuid']}/versions/{made['versions'][0]['uuid']}"
    shown = await _data(await api.get(path))
    assert (shown["kind"], shown["mjml"], shown["text"]) == ("html", source, "Ahoy")
    assert "Ahoy {{ contact.first_name }}" in shown["html"]
    variant = await _data(await api.post(f"{path}/variants", json={"locale": "es"}), 201)
    assert variant["mjml"] == source
    for wrong, field in (
        ({"mjml": source, "html": "<p>x</p>"}, "mjml"),
        ({"mjml": "<mjml>"}, "mjml"),
        ({"mjml": source.replace("first_name }}", "first_name")}, "mjml"),
    ):
        answer = await api.patch(path, json=wrong)
        assert answer.status_code == 422, wrong
        assert field in answer.json()["error"]["details"], answer.text


async def test_a_draft_is_deleted_alone_and_nothing_that_is_in_use(
    api: httpx2.AsyncClient,
) -> None:
    template, first = await _made(api, locale="en")
    answer = await api.delete(first)
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_LAST")
    versions = f"/templates/{template['uuid']}/versions"
    spanish = await _data(await api.post(f"{first}/variants", json={"locale": "es"}), 201)
    await api.post(f"{first}/publish")
    answer = await api.delete(first)
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_PUBLISHED")
    assert (await api.delete(f"{versions}/{spanish['uuid']}")).status_code == 204
    assert (await api.get(f"{versions}/{spanish['uuid']}")).status_code == 404
    left = (await _data(await api.get(f"/templates/{template['uuid']}")))["versions"]
    assert [version["locale"] for version in left] == ["en"]
    entry = (await api.get("/audit-log", params={"per_page": 1})).json()["data"][0]
    assert entry["action"] == "template.delete-version"


async def test_a_draft_that_a_campaign_was_sent_from_is_kept(
    api: httpx2.AsyncClient, database: Database
) -> None:
    template, first = await _made(api, locale="en")
    versions = f"/templates/{template['uuid']}/versions"
    spanish = await _data(await api.post(f"{first}/variants", json={"locale": "es"}), 201)
    await api.post(f"{first}/publish")
    named = {"name": "x", "template_version_uuid": first.rpartition("/")[2]}
    await _data(await api.post("/campaigns", json=named), 201)
    await api.post(f"{first}/unpublish")
    answer = await api.delete(first)
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_IN_USE")
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE campaigns SET started_at = now()"))
    answer = await api.delete(f"{versions}/{spanish['uuid']}")
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_IN_USE")
    later = await _data(await api.post(f"{first}/variants", json={"locale": "fr"}), 201)
    assert (await api.delete(f"{versions}/{later['uuid']}")).status_code == 204
