"""No tenant sees or touches another's things, and no key does more than its scopes: every route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select

from mailwright.domain.doors import Door
from mailwright.domain.ids import new_id
from mailwright.services import emails, webhook_log, webhooks
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import NewWebhook
from mailwright.store import tables
from mailwright.store.database import Database
from tests.api.conftest import ApiAs
from tests.api.routes import Route, every_route
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_export,
    make_list,
    make_message,
    make_project,
    make_segment,
    make_sender,
    make_template,
)

#: What these routes need beyond `noun:read` for GET and `noun:write` for the rest.
SCOPES: dict[str, tuple[str, ...]] = {
    "POST /campaigns/{campaign_uuid}/render": ("campaigns:read", "contacts:read"),
    "GET /campaigns/{campaign_uuid}/contacts": ("campaigns:read", "contacts:read"),
    "GET /lists/{list_uuid}/contacts": ("contacts:read",),
    "GET /segments/{segment_uuid}/contacts": ("segments:read", "contacts:read"),
    "POST /templates/{template_uuid}/versions/{version_uuid}/render": ("templates:read",),
    "POST /inbound": ("events:write",),
    "POST /campaigns/{campaign_uuid}/events/export": ("exports:write", "campaigns:read"),
    "POST /reports/export": ("exports:write", "campaigns:read"),
    "POST /segments/preview": ("segments:read", "contacts:read"),
    "GET /contacts/{contact_uuid}/tags": ("contacts:read",),
    "GET /lists/{list_uuid}/members": ("contacts:read",),
    "POST /lists/{list_uuid}/members": ("contacts:write",),
    "POST /lists/{list_uuid}/members/{contact_uuid}/leave": ("contacts:write",),
    "POST /lists/{list_uuid}/interests/assign": ("contacts:write",),
    "POST /exports": ("exports:write", "contacts:read"),
    "GET /exports/{export_uuid}/file.csv": ("exports:read", "contacts:read"),
    "GET /exports/contacts.csv": ("exports:read", "contacts:read"),
    "GET /exports/campaigns/{campaign_uuid}/recipients.csv": ("exports:read", "campaigns:read"),
}
NOUNS = {"tags": "contacts", "sender-identities": "senders"}


async def _add(database: Database, table: Any, tenant: MadeTenant, **values: Any) -> str:
    made = new_id()
    async with database.transaction() as connection:
        await connection.execute(insert(table).values(tenant_id=tenant.id, uuid=made, **values))
    return str(made)


async def _revision(database: Database, tenant: MadeTenant, campaign_id: int) -> int:
    """A revision whose number no campaign of another tenant has."""
    number = 1_000 + tenant.id
    values = {"campaign_id": campaign_id, "number": number, "digest": "", "actor": "", "door": ""}
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.campaign_revisions).values(tenant_id=tenant.id, **values)
        )
    return number


async def _things(runtime: Runtime, database: Database, tenant: MadeTenant) -> dict[str, str]:
    """One of everything, by the names in the paths."""
    contact = await make_contact(database, tenant.id)
    a_list = await make_list(database, tenant.id)
    campaign = await make_campaign(database, tenant.id)
    await make_message(database, tenant.id, campaign_id=campaign.id, contact_id=contact.id)
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    key, _ = await create_api_key(runtime, owner, NewApiKey("theirs", ("*",)))
    mail: dict[str, Any] = {"envelope_sender": "a@b.example", "recipients": ["c@d.example"]}
    mail |= {"from_header": "", "to_header": "", "subject": "", "snippet": ""}
    member = {"email": "m@x.example", "email_key": "m@x.example"}
    member |= {"password_hash": "", "role": "viewer"}
    field = {"field_key": "plan", "name": "Plan", "type": "text"}
    plan: dict[str, Any] = {"header": [], "columns": []}
    made: dict[str, Any] = {
        "campaign_uuid": campaign.uuid,
        "contact_uuid": contact.uuid,
        "list_uuid": a_list.uuid,
        "segment_uuid": (await make_segment(database, tenant.id)).uuid,
        "sender_uuid": (await make_sender(database, tenant.id)).uuid,
        "key_uuid": key.uuid,
        "member_uuid": await _add(database, tables.members, tenant, **member),
        "project_uuid": (await make_project(database, tenant.id)).uuid,
        "field_uuid": await _add(database, tables.custom_fields, tenant, **field),
        "tag_uuid": await _add(database, tables.tags, tenant, name="vip"),
        "interest_uuid": await _add(
            database, tables.interests, tenant, list_id=a_list.id, name="hiking"
        ),
        "export_uuid": (await make_export(database, tenant.id)).uuid,
        "import_uuid": await _add(
            database, tables.imports, tenant, file_name="a.csv", file_path="a.csv", mapping=plan
        ),
        "mail_uuid": await _add(
            database, tables.captured_mails, tenant, size_bytes=1, raw=b"x", **mail
        ),
        "suppression_uuid": await _add(
            database, tables.suppressions, tenant, email_key="x@y.example", reason="manual"
        ),
    }
    hosts = {"tracking_host": "links.d.example", "return_path_host": "bounces.d.example"}
    made["domain_uuid"] = await _add(database, tables.domains, tenant, name="d.example", **hosts)
    single = await emails.submit(
        runtime, owner, NewEmail("ada@example.org", subject="Hello", text="Hello.")
    )
    made["email_uuid"] = single.uuid
    template = await make_template(database, tenant.id)
    made |= {"template_uuid": template.uuid, "version_uuid": template.version.uuid}
    made["field"] = made["field_uuid"]
    made["revision_number"] = await _revision(database, tenant, campaign.id)
    hook = NewWebhook("https://shop.example/", ["email.sent"])
    webhook, _ = await webhooks.create_webhook(runtime, owner, hook)
    delivery = await webhook_log.send_test(runtime, owner, webhook.uuid)
    made |= {"webhook_uuid": webhook.uuid, "delivery_uuid": delivery.uuid}
    return {name: str(value) for name, value in made.items()}


async def _everything_of(database: Database, tenant: MadeTenant) -> dict[str, list[Any]]:
    """Every row of a tenant, but for when its keys were last used."""
    found: dict[str, list[Any]] = {}
    async with database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            if "tenant_id" in table.c and table is not tables.api_keys:
                rows = select(table).where(table.c.tenant_id == tenant.id)
                found[table.name] = sorted(map(str, (await connection.execute(rows)).all()))
    return found


@dataclass(frozen=True, slots=True)
class World:
    """Two tenants with one of everything each."""

    mine: dict[str, str]
    theirs: dict[str, str]


@pytest.fixture
async def world(
    runtime: Runtime, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> World:
    return World(
        await _things(runtime, database, tenant), await _things(runtime, database, other_tenant)
    )


async def _ask(api: httpx2.AsyncClient, route: Route, names: dict[str, str]) -> httpx2.Response:
    return await api.request(route.method, route.url(**names), json=route.body)


@pytest.mark.checklist("SEC-10")
async def test_whatever_belongs_to_another_tenant_is_not_there(
    application: FastAPI,
    api: httpx2.AsyncClient,
    database: Database,
    other_tenant: MadeTenant,
    world: World,
) -> None:
    before = await _everything_of(database, other_tenant)
    for route in every_route(application):
        for name in route.parameters:
            answer = await _ask(api, route, {**world.mine, name: world.theirs[name]})
            assert answer.status_code == 404, (str(route), name, answer.text)
            assert answer.json()["error"]["code"] == "RESOURCE_NOT_FOUND", str(route)
    assert await _everything_of(database, other_tenant) == before


@pytest.mark.checklist("SEC-10")
async def test_no_list_shows_another_tenants_things(
    application: FastAPI, api: httpx2.AsyncClient, world: World
) -> None:
    uuids = [theirs for theirs in world.theirs.values() if not theirs.isdigit()]  # digits by chance
    for route in every_route(application):
        if route.method == "GET" and not route.parameters:
            shown = (await _ask(api, route, {})).text
            assert not [uuid for uuid in uuids if uuid in shown], str(route)


async def test_an_id_that_is_none_is_a_404_or_a_422_that_names_it(
    application: FastAPI, api: httpx2.AsyncClient, world: World
) -> None:
    for route in every_route(application):
        for name in route.parameters:
            answer = await _ask(api, route, {**world.mine, name: "7"})
            assert answer.status_code in {404, 422}, (str(route), answer.text)


def _needed(route: Route) -> tuple[str, ...]:
    known = SCOPES.get(str(route))
    if known is not None:
        return known
    noun = route.path.split("/")[1]
    right = "read" if route.method == "GET" else "write"
    return (f"{NOUNS.get(noun, noun)}:{right}",)


async def test_every_route_needs_its_scope_and_no_other(
    application: FastAPI, api_as: ApiAs, tenant: MadeTenant, world: World
) -> None:
    stranger = await api_as(tenant, "reports:write")  # which no route needs
    for route in every_route(application):
        answer = await _ask(stranger, route, world.mine)
        assert answer.status_code == 403, (str(route), answer.text)
        assert answer.json()["error"]["details"]["missing_scope"] in _needed(route), str(route)
    for route in every_route(application):
        if route.method == "GET":
            holder = await api_as(tenant, *_needed(route))
            answer = await _ask(holder, route, world.mine)
            assert answer.status_code != 403, (str(route), answer.text)


async def test_every_route_needs_a_key(application: FastAPI, world: World) -> None:
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mailwright.test") as client:
        for route in every_route(application):
            answer = await _ask(client, route, world.mine)
            assert answer.status_code == 401, (str(route), answer.text)
