"""Contacts, lists, segments and imports as pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailwright.services import emails
from mailwright.services.caller import Caller
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.web.segment_forms import rule_of, values_of
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_sender,
    make_tenant,
)
from tests.web.browsing import Browser

SOME_CAMPAIGN = "0190aaaa-0000-7000-8000-000000000000"
HOSTILE = '"><script>alert(1)</script>'


def rows(owner: Browser) -> list[str]:
    return [" ".join(row.text(separator=" ").split()) for row in owner.page.css("main tbody tr")]


async def test_a_list_is_made_filled_and_deleted(owner: Browser) -> None:
    await owner.open("/lists")
    assert "No lists yet" in owner.text
    await owner.submit("/lists", {"name": "News"})
    path = owner.answer.url.path
    list_uuid = path.rpartition("/")[2]
    await owner.open("/contacts/new")
    person = {"email": "ada@example.com", "first_name": "Ada", "list_uuid": list_uuid}
    await owner.submit("/contacts/new", person)
    assert "The contact is there." in owner.text
    await owner.open(path)
    assert "ada@example.com" in rows(owner)[0]
    file = await owner.client.get(f"/contacts/export.csv?list_uuid={list_uuid}")
    assert "ada@example.com" in file.text
    form = owner.page.css_first("td form")
    assert form is not None
    await owner.submit(form.attributes["action"] or "")
    assert "Nobody is on it yet." in owner.text
    await owner.submit(f"{path}/delete")
    assert "The list was deleted" in owner.text


async def test_a_name_twice_is_told_beside_the_field(owner: Browser) -> None:
    await owner.open("/lists")
    await owner.submit("/lists", {"name": "News"})
    await owner.open("/lists")
    await owner.submit("/lists", {"name": "News"})
    assert owner.answer.status_code == 422
    assert owner.page.css("#name-error")


async def test_a_contact_is_changed_and_its_consent_is_on_record(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    made = await make_contact(database, tenant.id, "ada@example.com", attributes={"plan": "free"})
    path = f"/contacts/{made.uuid}"
    await owner.open(path)
    await owner.submit(path, {"first_name": "Ada", "attribute.0.value": "pro"})
    assert "Saved." in owner.text
    value = owner.page.css_first('input[name="attribute.0.value"]')
    assert value is not None
    assert value.attributes["value"] == "pro"
    await owner.submit(f"{path}/unsubscribe")
    assert "Unsubscribed" in owner.text
    assert "How we know" in owner.text
    await owner.submit(f"{path}/resubscribe")
    await owner.submit(f"{path}/suppress")
    assert "Gets no mail" in owner.text
    await owner.submit(path, {"language": "klingon, please"})
    assert owner.answer.status_code == 422
    assert owner.page.css("#language-error")
    await owner.open(path)
    await owner.submit(f"{path}/delete")
    assert (await owner.open(path)).status_code == 404


async def test_a_segment_is_built_row_by_row_and_counted(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    for name, plan in (("Ada", "pro"), ("Alan", "pro"), ("Grace", "free")):
        await make_contact(database, tenant.id, first_name=name, attributes={"plan": plan})
    await owner.open("/segments/new")
    plan = {"row.0.field": "attribute", "row.0.key": "plan", "row.0.value": "pro"}
    await owner.submit("/segments/new", {**plan, "more": "yes"})
    assert len(owner.page.css(".conditions tbody tr")) == 2
    starts = {"row.1.field": "first_name", "row.1.op": "starts_with", "row.1.value": "Al"}
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    csrf = token.attributes["value"] or ""
    counted = await owner.client.post("/segments/preview", data={"csrf": csrf, **plan, **starts})
    assert "<strong>1</strong>" in counted.text
    await owner.submit("/segments/new", {"name": "Pros", **plan, **starts})
    assert "The segment is there." in owner.text
    path = owner.answer.url.path
    await owner.submit(path, {"row.1.field": ""})
    await owner.open("/segments")
    assert rows(owner)[0].startswith("Pros 2")
    await owner.open(path)
    await owner.submit(path, {"row.0.field": "created_at", "row.0.op": "contains"})
    assert owner.answer.status_code == 422
    assert "takes one of" in owner.text
    await owner.open(path)
    await owner.submit(f"{path}/delete")
    assert "No segments yet" in owner.text


@pytest.mark.parametrize(
    "rule",
    [
        {"all": [{"field": "first_name", "op": "ne", "value": "Ada"}]},
        {"any": [{"field": "attributes.plan", "op": "exists", "value": False}]},
        {"all": [{"field": "opened", "op": "ne", "value": "any", "within_days": 30}]},
        {"all": [{"field": "clicked", "op": "eq", "value": SOME_CAMPAIGN}]},
        {"any": [{"field": "opened", "op": "ne", "value": SOME_CAMPAIGN, "within_days": 3}]},
        {"all": [{"field": "opt_in", "op": "eq", "value": False}]},
        {"not": {"field": "email", "op": "contains", "value": "@"}},
        {"all": [{"field": "locale", "op": "in", "value": ["en", "es"]}]},
    ],
)
def test_a_rule_goes_through_the_form_and_back(rule: dict[str, object]) -> None:
    assert rule_of(values_of(rule)) == rule


async def test_an_import_without_a_file_or_its_token_is_refused(owner: Browser) -> None:
    await owner.open("/imports/new")
    token = owner.page.css_first("input[name=csrf]")
    assert token is not None
    for csrf, status in ((token.attributes["value"] or "", 422), ("x", 403)):
        answer = await owner.client.post(
            "/imports/new", data={"csrf": csrf}, files={"other": ("x.csv", b"email\n")}
        )
        assert answer.status_code == status


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_people_do_not_exist(owner: Browser, database: Database) -> None:
    other = await make_tenant(database)
    made = await make_contact(database, other.id)
    their_list = await make_list(database, other.id)
    for path in (f"/contacts/{made.uuid}", f"/lists/{their_list.uuid}"):
        assert (await owner.open(path)).status_code == 404
    export = await owner.client.get(f"/contacts/export.csv?list_uuid={their_list.uuid}")
    assert export.status_code == 404


@pytest.mark.checklist("SEC-03")
async def test_names_of_people_and_lists_are_text(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    made_list = await make_list(database, tenant.id, HOSTILE)
    made = await make_contact(
        database, tenant.id, list_id=made_list.id, first_name=HOSTILE, attributes={"x": HOSTILE}
    )
    for path in ("/lists", f"/lists/{made_list.uuid}", f"/contacts/{made.uuid}", "/segments/new"):
        await owner.open(path)
        assert "<script>alert" not in owner.answer.text
        assert "alert(1)" in owner.answer.text


async def test_a_mail_that_nobody_got_can_be_sent_again(
    owner: Browser, runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    await make_sender(database, tenant.id, "shop@example.com")
    asked = NewEmail("ada@example.com", subject="Your parcel", text="On its <way>.")
    made = await emails.submit(runtime, caller, asked)
    body = await owner.client.get(f"/emails/{made.uuid}/body")
    assert "On its &lt;way&gt;." in body.text
    assert "frame-ancestors 'self'" in body.headers["content-security-policy"]
    await owner.open(f"/emails/{made.uuid}")
    assert "Send again" not in owner.text
    await emails.cancel_email(runtime, caller, made.uuid)
    await owner.open(f"/emails/{made.uuid}")
    assert "Send again" in owner.text
    await owner.submit(f"/emails/{made.uuid}/resend")
    assert "Sent again: this is the new mail." in owner.text
    assert str(made.uuid) not in str(owner.answer.url)


async def test_single_mails_are_empty_at_first_and_filters_are_kept(owner: Browser) -> None:
    await owner.open("/emails")
    assert "No single mails yet" in owner.text
    await owner.open("/emails?status=bounced&tag=a&since=2026-01-01&until=never")
    assert "No mail matches." in owner.text
    assert (await owner.open("/emails?cursor=x")).status_code == 422


async def test_who_did_not_open_a_campaign_is_a_segment_away(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    now = datetime.now(UTC)
    campaign = await make_campaign(
        database, tenant.id, name="Spring", state="sent", queued_at=now, started_at=now
    )
    for name, opened_at in (("ada", now), ("alan", None)):
        contact = await make_contact(database, tenant.id, f"{name}@example.com")
        await make_message(
            database,
            tenant.id,
            campaign_id=campaign.id,
            contact_id=contact.id,
            email=f"{name}@example.com",
            state="sent",
            sent_at=now,
            opened_at=opened_at,
        )
    await make_contact(database, tenant.id, "kim@example.com")  # was not sent it
    path = f"/campaigns/{campaign.uuid}"
    await owner.open(path)
    link = owner.page.css_first('a[href^="/segments/new?not_opened="]')
    assert link is not None
    await owner.open(link.attributes["href"] or "")
    await owner.submit("/segments/new")
    assert "The segment is there." in owner.text
    assert "Did not open Spring" in owner.text
    people = [row for row in rows(owner) if "@example.com" in row]
    assert len(people) == 1
    assert people[0].startswith("alan@example.com")
    file = await owner.client.get(f"{path}/recipients.csv")
    assert file.text.count("@example.com") == 2
    assert file.headers["content-disposition"] == 'attachment; filename="recipients.csv"'
    assert (await owner.open(f"/segments/new?not_opened={SOME_CAMPAIGN}")).status_code == 404


async def test_a_segment_about_an_older_campaign_keeps_it(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id, name="Never sent")
    await owner.open("/segments/new")
    row = {"row.0.field": f"opened:{campaign.uuid}", "row.0.op": "ne", "name": "x"}
    await owner.submit("/segments/new", row)
    chosen = owner.page.css_first('select[name="row.0.field"] option[selected]')
    assert chosen is not None
    assert chosen.text() == "Opened “Never sent”"
    await owner.open("/segments/new")
    await owner.submit("/segments/new", row | {"row.0.field": "opened:x"})
    assert owner.answer.status_code == 422


async def test_a_list_tells_its_figures(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    made = await make_list(database, tenant.id)
    for consent in ("subscribed", "unsubscribed"):
        await make_contact(database, tenant.id, list_id=made.id, consent=consent)
    path = f"/lists/{made.uuid}"
    await owner.open(path)
    assert owner.page.css_first(f'[hx-get="{path}/figures"]') is not None
    part = await owner.client.get(f"{path}/figures", headers={"HX-Request": "true"})
    boxes = LexborHTMLParser(part.text).css("dl div")
    texts = [" ".join(box.text(separator=" ").split()) for box in boxes]
    assert texts == ["Active 1", "Unsubscribed 1", "Bounced 0"]
    assert (await owner.open(f"{path}/figures")).url.path == path
