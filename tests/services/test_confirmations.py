"""Double opt-in: asked by mail, once a day and three times in all; only a POST says yes."""

from __future__ import annotations

import re

import httpx2
import pytest

from mailwright.app import create_web_app
from mailwright.domain.confirmation import DoubleOptIn
from mailwright.jobs.sweeps import sweep
from mailwright.services import confirmations, emails, list_contacts, list_joining, list_settings
from mailwright.services.caller import Caller
from mailwright.services.emails import EmailFilter
from mailwright.services.list_imports import HowToImport, ListRow, import_to_list
from mailwright.services.list_joining import Joining
from mailwright.services.runtime import Runtime
from mailwright.store import fan_outs, tables
from mailwright.store.audiences import Audience
from mailwright.store.database import Database
from tests.builders import Made, MadeTenant, make_campaign, make_contact, make_list, make_sender
from tests.clock import Clock


@pytest.fixture
async def news(runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant) -> Made:
    await make_sender(database, tenant.id, "news@example.com")
    made = await make_list(database, tenant.id, "News & <more>")
    await list_settings.change(
        runtime,
        caller,
        made.uuid,
        {"redirections": {"after_double_opt_in": "https://shop.example/welcome"}},
    )
    return made


async def _join(
    runtime: Runtime, caller: Caller, news: Made, email: str = "ada@example.com", **more: object
) -> list_contacts.ListContact:
    joining = Joining(email, ask=DoubleOptIn.ALWAYS, **more)  # pyright: ignore[reportArgumentType]
    return await list_joining.join(runtime, caller, news.uuid, joining)


async def _mails(runtime: Runtime, caller: Caller) -> list[emails.EmailView]:
    page = await emails.page_emails(runtime, caller, EmailFilter(), per_page=100)
    return [await emails.get_email(runtime, caller, row.uuid) for row in page.items]


def _link(database_row: str) -> str:
    found = re.search(r"/j/[\w-]+", database_row)
    assert found
    return f"http://mailwright.test{found[0]}"


async def _data(database: Database) -> list[str]:
    async with database.reading() as connection:
        rows = (await connection.execute(tables.emails.select())).mappings().all()
    return [str(row["data"]) for row in rows]


@pytest.mark.checklist("SEC-09", "SEC-25", "X07")
async def test_the_link_asks_and_only_its_button_confirms(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    made = await _join(runtime, caller, news)
    assert made.standing == "unconfirmed"
    (mail,) = await _mails(runtime, caller)
    assert (mail.to, mail.tags) == ("ada@example.com", ["double-opt-in"])
    (data,) = await _data(database)
    url = _link(data)
    transport = httpx2.ASGITransport(create_web_app(runtime))
    async with httpx2.AsyncClient(transport=transport) as stranger:
        for _ in range(20):  # scanners open every link
            await stranger.get(url)
            await stranger.head(url)
        page = await stranger.get(url)
        assert "News &amp; &lt;more&gt;" in page.text
        assert "refresh" not in page.headers
        shown = await list_contacts.get(runtime, caller, news.uuid, made.contact.uuid)
        assert shown.standing == "unconfirmed"
        said_yes = await stranger.post(url, data={"action": "confirm"})
        assert said_yes.headers["refresh"] == "3; url=https://shop.example/welcome"
        assert "Thank you" in said_yes.text
        assert (await stranger.post(url)).status_code == 200  # twice changes nothing more
        assert (await stranger.get(url[:-1])).status_code == 404
    shown = await list_contacts.get(runtime, caller, news.uuid, made.contact.uuid)
    assert shown.standing == "subscribed"
    async with database.reading() as connection:
        rows = (await connection.execute(tables.consents.select())).all()
    assert [(row.consent, row.source, row.actor) for row in rows] == [
        ("unconfirmed", "api", "key:test"),
        ("subscribed", "double_opt_in", "recipient"),
    ]


@pytest.mark.checklist("SEC-25")
async def test_an_address_is_asked_once_a_day_and_three_times_in_all(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
    clock: Clock,
    news: Made,
) -> None:
    other = await make_list(database, tenant.id)
    for day in range(6):
        for number in range(5):
            await _join(runtime, caller, news if number % 2 else other, "victim@example.com")
        assert len(await _mails(runtime, caller)) == min(day + 1, 3)
        clock.advance(days=1)
    found = await list_contacts.page(
        runtime, caller, news.uuid, list_contacts.Page(), with_total=True
    )
    assert [row.standing for row in found.items] == ["unconfirmed"]


async def test_who_has_not_confirmed_is_not_mailed_and_who_is_subscribed_is_not_asked(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, news: Made
) -> None:
    await make_contact(database, tenant.id, "there@example.com", list_id=news.id)
    await make_contact(database, tenant.id, "elsewhere@example.com")
    rows = [
        ListRow("there@example.com", {}),
        ListRow("elsewhere@example.com", {}),
        ListRow("new@example.com", {}),
    ]
    how = HowToImport(ask=DoubleOptIn.ALWAYS)
    done = await import_to_list(runtime, caller, news.uuid, rows, how)
    assert [row.standing for row in done.contacts] == ["subscribed", "unconfirmed", "unconfirmed"]
    assert len(await _mails(runtime, caller)) == 2
    campaign = await make_campaign(database, tenant.id, list_id=news.id)
    async with database.transaction() as connection:
        place = await fan_outs.begin(connection, tenant.id, campaign.id, Audience(news.id, None))
        await fan_outs.write_chunk(connection, place, 100)
        written = (
            await connection.execute(
                tables.messages.select().where(tables.messages.c.campaign_id == campaign.id)
            )
        ).all()
    assert {(row.email, row.state, row.reason) for row in written} == {
        ("there@example.com", "queued", None),
        ("elsewhere@example.com", "skipped", "unconfirmed"),
        ("new@example.com", "skipped", "unconfirmed"),
    }


async def test_an_old_link_confirms_nothing_and_a_crash_loses_no_mail(
    runtime: Runtime,
    caller: Caller,
    database: Database,
    tenant: MadeTenant,
    clock: Clock,
    news: Made,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def dies(_runtime: Runtime, _tenant_id: int) -> None:
        return

    with monkeypatch.context() as patched:
        patched.setattr(confirmations, "send_waiting", dies)
        made = await _join(runtime, caller, news)
    assert await _mails(runtime, caller) == []
    await sweep(runtime)
    assert len(await _mails(runtime, caller)) == 1
    (data,) = await _data(database)
    url = _link(data)
    clock.advance(days=31)
    transport = httpx2.ASGITransport(create_web_app(runtime))
    async with httpx2.AsyncClient(transport=transport) as stranger:
        assert "There is nothing to confirm" in (await stranger.post(url)).text
    shown = await list_contacts.get(runtime, caller, news.uuid, made.contact.uuid)
    assert shown.standing == "unconfirmed"
