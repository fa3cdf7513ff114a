"""Templates on their way: who gets which variant, whom a filter names, how many a month allows."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from mailwright.delivery import fan_out
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.ids import new_id
from mailwright.domain.tokens import Tokens
from mailwright.services import browser_views, campaigns, quota
from mailwright.services.caller import Caller
from mailwright.services.locale_coverage import LocaleCoverage, get_locale_coverage
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from tests.builders import Made, MadeTenant, make_contact, make_template, make_version
from tests.delivery.stage import Stage, set_stage

LOCALES = ("en", "es", "es-MX", "de", "fr", None)


@asynccontextmanager
async def _translated(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, **campaign: Any
) -> AsyncGenerator[tuple[Stage, dict[str, Made]]]:
    """A campaign to everybody, from a template in English, Spanish and German."""
    async with set_stage(runtime, tenant, caller, people=0) as stage:
        database = runtime.database
        for locale in LOCALES:
            await make_contact(database, tenant.id, f"{locale}@example.org", locale=locale)
        template = await make_template(database, tenant.id, locale="en")
        made = {"en": template.version}
        for locale in ("es", "de"):
            made[locale] = await make_version(
                database, tenant.id, template.id, locale=locale, locale_group=template.version.uuid
            )
        values: dict[str, Any] = {"list_id": None, "audience_filter": {}, "subject": None}
        values["template_version_id"] = template.version.id
        await stage.change(**(values | campaign))
        yield stage, made


def _subjects(stage: Stage) -> dict[str, str]:
    mails = [message_from_bytes(mail.raw, policy=default) for mail in stage.sink.mails]
    return {str(mail["To"]).partition("@")[0]: str(mail["Subject"]) for mail in mails}


@pytest.mark.checklist("M40", "M43", "M44")
async def test_everybody_gets_one_mail_in_their_own_language_or_the_fallback(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, made), stage.working():
        await stage.start()
        await stage.until_state("sent")
        assert _subjects(stage) == {
            "en": "Hello en",
            "es": "Hello es",
            "es-MX": "Hello es",
            "de": "Hello de",
            "fr": "Hello en",
            "None": "Hello en",
        }
        assert len(stage.sink.mails) == len(LOCALES)
        ledger = await stage.ledger()
        spanish = ledger["es-MX@example.org"]
        assert (spanish["locale"], spanish["variant_id"]) == ("es", made["es"].id)
        assert ledger["fr@example.org"]["locale"] == "en"


@pytest.mark.checklist("M16")
async def test_the_campaigns_subject_overrides_that_of_every_variant(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller, subject="June") as (stage, _), stage.working():
        await stage.start()
        await stage.until_state("sent")
        assert set(_subjects(stage).values()) == {"June"}


async def test_who_has_no_variant_is_skipped_where_the_campaign_requires_one(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller, require_locale_variant=True) as (stage, _):
        await stage.start()
        reasons = {email: row["reason"] for email, row in (await stage.ledger()).items()}
        assert {email for email, reason in reasons.items() if reason == "no_locale_variant"} == {
            "fr@example.org",
            "None@example.org",
        }
        assert await stage.counts_add_up()


@pytest.mark.checklist("M49")
async def test_coverage_tells_before_sending_what_sending_then_does(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, made):
        database = runtime.database
        await make_contact(database, tenant.id, locale="fr")
        await make_contact(database, tenant.id, locale="fr", consent="unsubscribed")
        await make_contact(database, tenant.id, "gone@example.org", locale="de")
        async with database.transaction() as connection:
            for scope in ("all", "marketing"):  # twice, and counted off once
                blocked = {"email_key": "gone@example.org", "reason": "manual", "scope": scope}
                row = {"tenant_id": tenant.id, "uuid": new_id(), **blocked}
                await connection.execute(insert(tables.suppressions).values(row))
        found = await get_locale_coverage(stage.runtime, caller, stage.campaign.uuid)
        told = {
            each.locale: (each.contacts, each.has_template, each.variant_locale) for each in found
        }
        assert told == {
            "fr": (2, False, "en"),
            "en": (1, True, "en"),
            "es": (1, True, "es"),
            "es-MX": (1, True, "es"),
            "de": (1, True, "de"),
            None: (1, False, "en"),
        }
        german = LocaleCoverage("de", 1, True, made["de"].uuid, "de", skipped=False)
        assert german in found
        await stage.start()
        queued = [row for row in (await stage.ledger()).values() if row["state"] == "queued"]
        assert len(queued) == sum(each.contacts for each in found)


@pytest.mark.checklist("M21", "M22", "M24", "M25", "M41", "M45", "M50")
async def test_a_filter_names_people_at_the_moment_of_sending(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    wanted = {"locale": "es", "opt_in": True, "attributes": {"plan": "pro"}}
    async with _translated(runtime, tenant, caller, audience_filter=wanted) as (stage, _):
        database = runtime.database
        pro = {"attributes": {"plan": "pro", "seats": 2}}
        late = await make_contact(database, tenant.id, "late@example.org", locale="es")
        people: dict[str, dict[str, Any]] = {
            "yes": {"locale": "es", **pro},
            "other-language": {"locale": "de", **pro},
            "free": {"locale": "es", "attributes": {"plan": "free"}},
            "left": {"locale": "es", "consent": "unsubscribed", **pro},
            "suppressed": {"locale": "es", **pro},
        }
        for name, columns in people.items():
            await make_contact(database, tenant.id, f"{name}@example.org", **columns)
        blocked = {"email_key": "suppressed@example.org", "reason": "complaint"}
        await stage.execute(
            insert(tables.suppressions).values(tenant_id=tenant.id, uuid=new_id(), **blocked)
        )
        await stage.execute(
            update(tables.contacts).where(tables.contacts.c.id == late.id).values(**pro)
        )
        async with stage.working():
            await stage.start()
            await stage.until_state("sent")
        assert sorted(stage.sink.recipients) == ["late@example.org", "yes@example.org"]
        ledger = await stage.ledger()
        assert set(ledger) == {"late@example.org", "yes@example.org", "suppressed@example.org"}
        assert ledger["suppressed@example.org"]["reason"] == "suppressed"


@pytest.mark.checklist("M23")
async def test_a_filter_by_project_keeps_to_its_own_people(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with runtime.database.reading() as connection:
        found = select(tables.projects.c.uuid).where(tables.projects.c.id == tenant.project_id)
        project = str(await connection.scalar(found))
    wanted = {"project_uuid": project}
    async with _translated(runtime, tenant, caller, audience_filter=wanted) as (stage, _):
        await make_contact(
            runtime.database, tenant.id, "mine@example.org", project_id=tenant.project_id
        )
        await stage.start()
        assert set(await stage.ledger()) == {"mine@example.org"}


@pytest.mark.checklist("M42")
async def test_rows_beyond_the_months_quota_are_skipped_and_say_so(
    runtime: Runtime, tenant: MadeTenant, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "FIRST_CHUNK", 2)  # so that the border lies in a later chunk
    monkeypatch.setattr(fan_out, "CHUNK", 2)
    async with _translated(runtime, tenant, caller) as (stage, _):
        await _set_quota(stage, 5)
        async with stage.working():
            await stage.start()
            await stage.until_state("sent")
        assert len(stage.sink.mails) == 5
        reasons = [row["reason"] for row in (await stage.ledger()).values()]
        assert reasons.count("quota") == 1
        seen = await quota.get_quota(stage.runtime, caller)
        assert (seen.limit, seen.used, seen.percentage, seen.warning) == (5, 5, 100.0, True)
        assert await stage.counts_add_up()


@pytest.mark.checklist("M42")
async def test_what_was_never_sent_is_given_back_once(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, _):
        await _set_quota(stage, 100)
        await stage.start()
        assert (await quota.get_quota(stage.runtime, caller)).used == len(LOCALES)
        await stage.happens(CampaignEvent.CANCEL)
        for _ in range(2):
            assert await stage.is_closed()
            assert (await quota.get_quota(stage.runtime, caller)).used == 0


async def test_two_campaigns_share_what_is_left(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, _):
        await _set_quota(stage, 8)
        taken = {"tenant_id": tenant.id, "month": quota.month_of(runtime.now()), "reserved": 6}
        await stage.execute(insert(tables.quota_months).values(taken))
        await stage.start()
        assert (await stage.tally())["queued"] == 2
        assert (await quota.get_quota(stage.runtime, caller)).used == 8


async def _set_quota(stage: Stage, limit: int) -> None:
    mine = tables.tenants.c.id == stage.tenant.id
    await stage.execute(update(tables.tenants).where(mine).values(monthly_quota=limit))


async def test_a_campaign_sent_again_counts_nobody_twice(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, _):
        await _set_quota(stage, 7)
        await stage.start()
        mailed = (await stage.ledger())["en@example.org"]
        sent = update(tables.messages).where(tables.messages.c.id == mailed["id"])
        await stage.execute(sent.values(state="sent"))
        await stage.happens(CampaignEvent.FAIL)
        later = {"audience_filter": {"locale": "en"}, "last_edited_at": func.now()}
        await stage.change(**later)
        await make_contact(runtime.database, tenant.id, "new@example.org", locale="en")
        await stage.start()
        ledger = await stage.ledger()
        assert {email: row["state"] for email, row in ledger.items()} == {
            "en@example.org": "sent",
            "new@example.org": "queued",
        }
        assert (await quota.get_quota(stage.runtime, caller)).used == 2


async def test_deleting_a_campaign_gives_back_what_it_never_sent(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, _):
        await stage.start()
        await stage.happens(CampaignEvent.FAIL)
        await campaigns.delete_campaign(stage.runtime, caller, stage.campaign.uuid)
        assert (await quota.get_quota(stage.runtime, caller)).used == 0


async def test_links_of_every_variant_are_tracked_and_each_reader_sees_their_own_page(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with _translated(runtime, tenant, caller) as (stage, made):
        for locale, version in made.items():
            page = (
                f'<html><body><a href="https://shop.example/{locale}">{locale}</a>'
                '<a href="https://shop.example/all">all</a>'
                '<a href="{{ unsubscribeUrl }}">leave</a></body></html>'
            )
            chosen = update(tables.template_versions).where(
                tables.template_versions.c.id == version.id
            )
            await stage.execute(chosen.values(html=page))
        async with stage.working():
            await stage.start()
            await stage.until_state("sent")
        tokens = Tokens(runtime.keys)
        led: dict[str, set[str]] = {}
        pages: dict[str, str] = {}
        async with runtime.database.reading() as connection:
            links = tables.campaign_links
            rows = await connection.execute(select(links.c.number, links.c.url))
            addresses = {row.number: row.url for row in rows}
        for mail in stage.sink.mails:
            text = message_from_bytes(mail.raw, policy=default)
            html = text.get_body(("html",))
            assert html is not None
            body = html.get_content()
            found = [tokens.read_click(token) for token in re.findall(r"/c/([\w.-]+)", body)]
            clicks = [click for click in found if click is not None]
            name = mail.recipients[0].partition("@")[0]
            led[name] = {addresses[click.message.link_number] for click in clicks}
            assert led[name] == {click.url for click in clicks}
            (leave,) = set(re.findall(r'href="[^"]*/u/([\w.-]+)"', body))
            reader = tokens.read_unsubscribe(leave)
            assert reader is not None
            shown = await browser_views.render_view(stage.runtime, reader)
            pages[name] = shown or ""
        shop = "https://shop.example"
        assert led["es-MX"] == {f"{shop}/es", f"{shop}/all"}
        assert led["fr"] == {f"{shop}/en", f"{shop}/all"}
        assert f"{shop}/es" in pages["es"]
        assert f"{shop}/de" in pages["de"]
