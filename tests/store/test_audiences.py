"""Segment rules and audiences against real rows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.store.audiences import Audience, named, of_campaign, skip_reason
from mailwright.store.database import Database
from mailwright.store.rows import only
from mailwright.store.segment_rules import condition
from mailwright.store.tables import campaigns, contacts, list_members, suppressions
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_segment,
    make_tenant,
)
from tests.clock import Clock


def _leaf(field: str, op: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, **more}


SPANISH = _leaf("locale", "eq", "es")


async def _named(database: Database, tenant: MadeTenant, audience: Audience) -> list[str]:
    statement = select(contacts.c.email).where(named(tenant.id, audience))
    async with database.reading() as connection:
        return sorted((await connection.scalars(statement)).all())


async def _fitting(database: Database, tenant: MadeTenant, rule: dict[str, Any]) -> str:
    found = await _named(database, tenant, Audience(None, rule))
    return " ".join(email.split("@")[0] for email in found)


@pytest.fixture
async def people(database: Database, tenant: MadeTenant) -> MadeTenant:
    """Anna, Bob and Carla, who differ in everything; and a stranger of another tenant."""
    await make_contact(
        database,
        tenant.id,
        "anna@example.com",
        first_name="Anna",
        last_name="50%_off",
        locale="es",
        attributes={
            "plan": "pro",
            "age": 41,
            "tags": ["vip", "a"],
            "vip": True,
            "since": "2026-01",
        },
        created_at=Clock()() - timedelta(days=90),
    )
    await make_contact(
        database,
        tenant.id,
        "bob@test.example",
        first_name="bob",
        locale="en",
        attributes={"plan": "free", "age": "30", "vip": "true", "since": "2026-06"},
    )
    await make_contact(database, tenant.id, "carla@example.com", opted_in_at=None)
    stranger = await make_tenant(database)
    await make_contact(
        database, stranger.id, "anna@example.com", first_name="Anna", attributes={"plan": "pro"}
    )
    return tenant


@pytest.mark.checklist("Z33", "SEC-26")
@pytest.mark.parametrize(
    ("rule", "whom"),
    [
        (_leaf("email", "eq", "ANNA@example.com"), "anna"),
        (_leaf("email", "in", ["bob@test.example", "x@example.com"]), "bob"),
        (_leaf("email", "ends_with", "@example.com"), "anna carla"),
        (_leaf("email", "starts_with", "B"), "bob"),
        (_leaf("first_name", "eq", "BOB"), "bob"),
        (_leaf("first_name", "ne", "Anna"), "bob carla"),
        (_leaf("first_name", "contains", "n"), "anna"),
        (_leaf("first_name", "exists", True), "anna bob"),
        (_leaf("first_name", "exists", False), "carla"),
        (_leaf("last_name", "contains", "%_"), "anna"),
        (_leaf("last_name", "contains", "%x"), ""),
        (_leaf("last_name", "eq", "' OR 1=1 --"), ""),
        (_leaf("locale", "in", ["es", "en"]), "anna bob"),
        (_leaf("created_at", "lt", "2020-01-01"), ""),
        (_leaf("created_at", "gte", "2020-01-01T00:00:00+02:00"), "anna bob carla"),
        (_leaf("opted_in_at", "exists", False), "carla"),
        (_leaf("attributes.plan", "eq", "pro"), "anna"),
        (_leaf("attributes.plan", "ne", "pro"), "bob carla"),
        (_leaf("attributes.plan", "in", ["pro", "free"]), "anna bob"),
        (_leaf("attributes.age", "eq", 30), "bob"),
        (_leaf("attributes.age", "eq", "41"), "anna"),
        (_leaf("attributes.age", "gt", 30), "anna"),
        (_leaf("attributes.age", "gte", 30), "anna bob"),
        (_leaf("attributes.age", "lt", 10**17), "anna bob"),
        (_leaf("attributes.plan", "gt", 1), ""),
        (_leaf("attributes.since", "gt", "2026-03"), "bob"),
        (_leaf("attributes.tags", "contains", "vip"), "anna"),
        (_leaf("attributes.plan", "contains", "RE"), "bob"),
        (_leaf("attributes.vip", "eq", True), "anna bob"),
        (_leaf("attributes.tags", "exists", True), "anna"),
        (_leaf('attributes.it\'s "odd" $1', "exists", False), "anna bob carla"),
        (
            {"any": [_leaf("locale", "eq", "es"), _leaf("attributes.plan", "eq", "free")]},
            "anna bob",
        ),
        ({"all": [_leaf("locale", "eq", "es"), _leaf("attributes.plan", "eq", "free")]}, ""),
        (
            {"not": {"any": [_leaf("locale", "eq", "es"), _leaf("first_name", "eq", "x")]}},
            "bob carla",
        ),
        ({"not": {"not": _leaf("first_name", "eq", "anna")}}, "anna"),
        ({}, "anna bob carla"),
    ],
)
async def test_a_rule_fits_whom_it_says_and_no_other_tenant(
    database: Database, people: MadeTenant, rule: dict[str, Any], whom: str
) -> None:
    assert await _fitting(database, people, rule) == whom


@pytest.mark.checklist("Z33")
async def test_lists_and_engagement_are_conditions_too(
    database: Database, people: MadeTenant, clock: Clock
) -> None:
    news = await make_list(database, people.id)
    dora = await make_contact(database, people.id, "dora@example.com", list_id=news.id)
    campaign = await make_campaign(database, people.id)
    other = await make_campaign(database, people.id)
    await make_message(
        database,
        people.id,
        campaign_id=campaign.id,
        contact_id=dora.id,
        state="sent",
        sent_at=clock() - timedelta(days=10),
        opened_at=clock() - timedelta(days=5),
    )
    for rule, whom in (
        (_leaf("list", "eq", str(news.uuid)), "dora"),
        (_leaf("list", "ne", str(news.uuid)), "anna bob carla"),
        (_leaf("received", "eq", "any"), "dora"),
        (_leaf("received", "eq", str(campaign.uuid)), "dora"),
        (_leaf("received", "eq", str(other.uuid)), ""),
        (_leaf("received", "in", [str(other.uuid), str(campaign.uuid)]), "dora"),
        (_leaf("received", "eq", "any", within_days=9), ""),
        (_leaf("opened", "eq", str(campaign.uuid), within_days=6), "dora"),
        (_leaf("opened", "ne", "any"), "anna bob carla"),
        (_leaf("clicked", "exists", True), ""),
    ):
        assert await _fitting(database, people, rule) == whom, rule
    async with database.transaction() as connection:
        await connection.execute(list_members.update().values(state="unsubscribed"))
    assert await _fitting(database, people, _leaf("list", "eq", str(news.uuid))) == ""


@pytest.mark.checklist("Z33", "Z36")
async def test_list_segment_and_filter_intersect(database: Database, people: MadeTenant) -> None:
    news = await make_list(database, people.id)
    for name, plan in (("x", "pro"), ("y", "pro"), ("z", "free")):
        await make_contact(
            database, people.id, f"{name}@x.com", list_id=news.id, attributes={"plan": plan}
        )
    segment = await make_segment(database, people.id, _leaf("attributes.plan", "eq", "pro"))
    made = await make_campaign(
        database,
        people.id,
        list_id=news.id,
        segment_id=segment.id,
        audience_filter=_leaf("email", "starts_with", "y"),
    )
    async with database.reading() as connection:
        row = await only(connection, select(campaigns).where(campaigns.c.id == made.id))
        audience = await of_campaign(connection, people.id, row)
    assert await _named(database, people, audience) == ["y@x.com"]
    assert await _named(database, people, Audience(news.id, None)) == [
        "x@x.com",
        "y@x.com",
        "z@x.com",
    ]
    assert await _named(database, people, Audience(None, audience.rule)) == [
        "anna@example.com",
        "x@x.com",
        "y@x.com",
    ]


@pytest.mark.checklist("U06")
async def test_everybody_named_who_may_not_be_mailed_has_a_reason(
    database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    for name, consent in (
        ("fine", "subscribed"),
        ("gone", "unsubscribed"),
        ("maybe", "unconfirmed"),
        ("dead", "subscribed"),
        ("quiet", "subscribed"),
        ("left", "subscribed"),
    ):
        await make_contact(database, tenant.id, f"{name}@x.com", list_id=news.id, consent=consent)
    async with database.transaction() as connection:
        left = select(contacts.c.id).where(contacts.c.email == "left@x.com").scalar_subquery()
        await connection.execute(
            list_members.update()
            .where(list_members.c.contact_id == left)
            .values(state="unsubscribed")
        )
        for name, scope in (("dead", "all"), ("quiet", "marketing")):
            await connection.execute(
                suppressions.insert().values(
                    tenant_id=tenant.id,
                    uuid=(await make_list(database, tenant.id)).uuid,
                    email_key=f"{name}@x.com",
                    reason="manual",
                    scope=scope,
                )
            )
        audience = Audience(news.id, None)
        statement = select(contacts.c.email, skip_reason(tenant.id, audience)).where(
            named(tenant.id, audience)
        )
        found = {row[0].split("@")[0]: row[1] for row in await connection.execute(statement)}
    assert found == {
        "fine": None,
        "gone": "unsubscribed",
        "maybe": "unconfirmed",
        "dead": "suppressed",
        "quiet": "suppressed",
        "left": "list_unsubscribed",
    }


_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
_LEAVES = st.one_of(
    st.builds(
        _leaf,
        st.sampled_from(["email", "first_name", "last_name", "locale"]),
        st.sampled_from(["eq", "ne", "contains", "starts_with", "ends_with"]),
        _TEXT,
    ),
    st.builds(
        _leaf,
        st.one_of(st.just("attributes.plan"), _TEXT.map("attributes.{}".format)).filter(
            lambda field: field != "attributes."
        ),
        st.sampled_from(["eq", "ne", "gt", "lte"]),
        _TEXT | st.integers(-(10**17), 10**17) | st.floats(-1e9, 1e9),
    ),
)


def _combined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    return (
        st.fixed_dictionaries({"all": some})
        | st.fixed_dictionaries({"any": some})
        | st.fixed_dictionaries({"not": inner})
    )


_RULES: st.SearchStrategy[dict[str, Any]] = st.recursive(_LEAVES, _combined, max_leaves=6)


@pytest.mark.checklist("SEC-26")
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rule=_RULES)
async def test_whoever_a_rule_does_not_fit_its_negation_fits(
    database: Database, people: MadeTenant, rule: dict[str, Any]
) -> None:
    everybody = 3
    async with database.reading() as connection:
        found = [
            (
                await connection.execute(
                    select(contacts.c.id).where(
                        contacts.c.tenant_id == people.id, condition(people.id, parse_rule(some))
                    )
                )
            ).all()
            for some in (rule, {"not": rule})
        ]
    assert len(found[0]) + len(found[1]) == everybody
    assert not set(found[0]) & set(found[1])


async def test_attributes_are_found_by_the_index(database: Database, tenant: MadeTenant) -> None:
    async with database.transaction() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO contacts (tenant_id, uuid, email, email_key, attributes) "
            "SELECT $1, gen_random_uuid(), n::text, n::text, jsonb_build_object('plan', n::text) "
            "FROM generate_series(1, 20000) n",
            (tenant.id,),
        )
        await connection.exec_driver_sql("ANALYZE contacts")
        fits = named(tenant.id, Audience(None, _leaf("attributes.plan", "eq", "pro")))
        compiled = select(contacts.c.id).where(fits).compile(dialect=connection.dialect)
        values = [compiled.params[name] for name in compiled.positiontup or ()]
        plan = await connection.exec_driver_sql(
            f"EXPLAIN {compiled}",
            tuple(json.dumps(value) if isinstance(value, dict) else value for value in values),
        )
    assert any("ix_contacts_attributes" in row[0] for row in plan)
