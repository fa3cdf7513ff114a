"""Templates with versions and locale variants through MailingCore's calls."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

BODY = "<p>Hello {{ firstName }}.</p><p><a href='{{unsubscribeUrl}}'>Unsubscribe</a></p>"


async def _create(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    body = {"name": "Monthly", "subject": "News", "htmlBody": BODY} | body
    answer = await client.post("/templates", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.checklist("M08")
async def test_a_version_is_drafted_published_and_taken_back(client: httpx2.AsyncClient) -> None:
    made = await _create(client)
    assert made["slug"] == "monthly"
    (first,) = made["versions"]
    assert (first["version"], first["status"], first["publishedAt"]) == (1, "DRAFT", None)
    path = f"/templates/{made['id']}/versions/{first['id']}"
    changed = await client.patch(path, json={"subject": "Better news", "textBody": None})
    assert changed.status_code == 200, changed.text
    assert changed.json()["subject"] == "Better news"
    published = await client.post(f"{path}/publish")
    assert published.status_code == 200, published.text
    told = published.json()
    assert (told["id"], told["status"]) == (first["id"], "PUBLISHED")
    assert told["publishedAt"].endswith("Z")
    refused = await client.patch(path, json={"subject": "Too late"})
    assert refused.status_code == 409
    assert (await client.post(f"{path}/unpublish")).json()["status"] == "DRAFT"
    second = await client.post(f"/templates/{made['id']}/versions", json={"htmlBody": BODY})
    assert (second.status_code, second.json()["version"]) == (201, 2)
    names = {variable["name"] for variable in second.json()["variables"]}
    assert names == {"firstName"}, "unknown words are variables, not mistakes"


@pytest.mark.checklist("M44")
async def test_locale_variants_share_their_group(client: httpx2.AsyncClient) -> None:
    made = await _create(client, locale="en")
    base = made["versions"][0]
    assert base["localeGroupId"] == base["id"]
    body = {"locale": "es", "localeGroupId": base["id"], "subject": "Hola", "htmlBody": BODY}
    variant = await client.post(f"/templates/{made['id']}/versions", json=body)
    assert variant.status_code == 201, variant.text
    assert (variant.json()["version"], variant.json()["localeGroupId"]) == (1, base["id"])
    again = await client.post(f"/templates/{made['id']}/versions", json=body)
    assert again.status_code == 409
    assert "language" in again.json()["message"]
    shown = (await client.get(f"/templates/{made['id']}")).json()
    assert {version["locale"] for version in shown["versions"]} == {"en", "es"}
    whole = await client.get(f"/templates/{made['id']}/versions/{variant.json()['id']}")
    assert "Unsubscribe" in whole.json()["htmlBody"]
    assert whole.json()["templateId"] == made["id"]


async def test_an_empty_version_is_not_published(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/templates", json={"name": "Empty"})
    made = answer.json()
    path = f"/templates/{made['id']}/versions/{made['versions'][0]['id']}"
    assert (await client.post(f"{path}/publish")).status_code == 422


async def test_slugs_are_unique_and_lists_paged(client: httpx2.AsyncClient) -> None:
    await _create(client, slug="welcome")
    taken = await client.post("/templates", json={"name": "Other", "slug": "welcome"})
    assert taken.status_code == 409
    wrong = await client.post("/templates", json={"name": "Other", "slug": "Not A Slug"})
    assert (wrong.status_code, wrong.json()["message"].partition(":")[0]) == (400, "slug")
    await _create(client, name="Second")
    listed = (await client.get("/templates?limit=1")).json()
    assert listed["meta"] == {"page": 1, "limit": 1, "total": 2, "totalPages": 2}
    assert listed["data"][0]["slug"] == "welcome"


MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ firstName }}.</mj-text><mj-button href="{{unsubscribeUrl}}">Leave</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


async def test_mjml_is_made_into_a_page_and_kept_to_be_written_on(
    client: httpx2.AsyncClient,
) -> None:
    made = await _create(client, htmlBody=None, mjmlSource=MJML)
    path = f"/templates/{made['id']}/versions/{made['versions'][0]['id']}"
    shown = (await client.get(path)).json()
    assert shown["mjmlSource"] == MJML
    assert "<!--[if mso" in shown["htmlBody"]
    assert 'href="{{unsubscribeUrl}}"' in shown["htmlBody"]
    assert [variable["name"] for variable in shown["variables"]] == ["firstName"]
    changed = await client.patch(path, json={"mjmlSource": MJML.replace("Hello", "Ahoy")})
    assert "Ahoy" in changed.json()["htmlBody"]
    refused = await client.patch(path, json={"mjmlSource": "<mjml>"})
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("mjmlSource: ")
    assert (await client.get(path)).json() == changed.json()
    both = await client.patch(path, json={"htmlBody": BODY, "mjmlSource": MJML})
    assert (both.json()["mjmlSource"], "mso" in both.json()["htmlBody"]) == (MJML, False)
    plain = await client.patch(path, json={"htmlBody": BODY})
    assert plain.json()["mjmlSource"] is None
    assert (await client.post(f"{path}/publish")).status_code == 200


async def test_an_unlayer_design_is_kept_beside_its_page(client: httpx2.AsyncClient) -> None:
    design: dict[str, Any] = {"body": {"rows": []}, "schemaVersion": 16}
    made = await _create(client, unlayerDesign=design)
    path = f"/templates/{made['id']}/versions/{made['versions'][0]['id']}"
    shown = (await client.get(path)).json()
    assert (shown["unlayerDesign"], shown["mjmlSource"]) == (design, None)
    changed = await client.patch(path, json={"unlayerDesign": {"body": {}}})
    assert changed.json()["unlayerDesign"] == {"body": {}}
    assert changed.json()["htmlBody"] == shown["htmlBody"]
