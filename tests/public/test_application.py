"""The public pages from outside: pixel, redirect, unsubscribe, health."""

from __future__ import annotations

import random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from mailwright.domain.tokens import Tokens
from mailwright.public.wording import WORDINGS
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_message
from tests.public.asgi import visitor

AGENTS = (
    "Mozilla/5.0",
    "GoogleImageProxy",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36",
)


class Story:
    """A contact who got a campaign's mail."""

    def __init__(self, tenant: MadeTenant, contact: int, campaign: int, list_id: int, message: int):
        self.tenant, self.contact, self.campaign = tenant, contact, campaign
        self.list_id, self.message = list_id, message

    def unsubscribe_path(self, tokens: Tokens, message: int | None = None) -> str:
        made = self.message if message is None else message
        token = tokens.unsubscribe(
            self.tenant.id, made, contact_id=self.contact, campaign_id=self.campaign
        )
        return f"/u/{token}"


@pytest.fixture
def tokens(runtime: Runtime) -> Tokens:
    return Tokens(runtime.keys)


@pytest.fixture
async def story(database: Database, tenant: MadeTenant) -> Story:
    made_list = await make_list(database, tenant.id)
    contact = await make_contact(
        database, tenant.id, "ada@example.com", list_id=made_list.id, locale="de-AT"
    )
    campaign = await make_campaign(database, tenant.id, list_id=made_list.id)
    message = await make_message(
        database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
    )
    return Story(tenant, contact.id, campaign.id, made_list.id, message)


async def everything(database: Database) -> dict[str, Any]:
    """All rows that a recipient's visit could change."""
    names = ("contacts", "messages", "list_members", "consents", "events", "campaign_counters")
    found: dict[str, Any] = {}
    async with database.reading() as connection:
        for name in names:
            rows = await connection.execute(select(tables.metadata.tables[name]))
            found[name] = sorted(map(repr, rows.all()))
    return found


@pytest.mark.checklist("SEC-09")
async def test_looking_at_a_mails_links_a_hundred_times_unsubscribes_nobody(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    before = await everything(database)
    path = story.unsubscribe_path(tokens)
    async with visitor(runtime) as client:
        for turn in range(100):
            agent = {"User-Agent": AGENTS[turn % len(AGENTS)]}
            assert (await client.get(path, headers=agent)).status_code == 200
            assert (await client.head(path, headers=agent)).status_code == 200
            await client.get(f"{path}?action=unsubscribe&List-Unsubscribe=One-Click")
    assert await everything(database) == before


@pytest.mark.checklist("SEC-09", "OUT-10", "OUT-20")
async def test_a_one_click_post_is_answered_directly_and_counts_once(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    async with visitor(runtime) as client:
        for _ in range(3):
            answer = await client.post(
                story.unsubscribe_path(tokens), data={"List-Unsubscribe": "One-Click"}
            )
            assert answer.status_code == 200
            assert not answer.has_redirect_location
            assert "set-cookie" not in answer.headers
    async with database.reading() as connection:
        consent = await connection.scalar(select(tables.contacts.c.consent))
        counted = await connection.scalar(select(tables.campaign_counters.c.unsubscribed))
        told = await connection.scalar(select(func.count()).select_from(tables.events))
    assert (consent, counted, told) == ("unsubscribed", 1, 1)


async def test_a_one_click_post_may_be_a_multipart_form(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    async with visitor(runtime) as client:
        form = {"List-Unsubscribe": (None, "One-Click")}
        answer = await client.post(story.unsubscribe_path(tokens), files=form)
    assert answer.status_code == 200
    async with database.reading() as connection:
        assert await connection.scalar(select(tables.contacts.c.consent)) == "unsubscribed"


async def test_a_person_can_leave_and_take_it_back_in_their_own_language(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    path = story.unsubscribe_path(tokens)
    async with visitor(runtime) as client:
        asked = await client.get(path, headers={"Accept-Language": "fr"})
        left = await client.post(path, data={"action": "unsubscribe"})
        back = await client.post(path, data={"action": "resubscribe"})
    assert WORDINGS["de"].ask_title in asked.text, "the contact's locale goes before the browser's"
    assert WORDINGS["de"].left_title in left.text
    assert WORDINGS["de"].come_back in left.text
    assert WORDINGS["de"].back_title in back.text
    async with database.reading() as connection:
        assert await connection.scalar(select(tables.contacts.c.consent)) == "subscribed"
        assert await connection.scalar(select(tables.campaign_counters.c.unsubscribed)) == 0


async def test_a_language_can_be_wished_for(runtime: Runtime, tokens: Tokens, story: Story) -> None:
    async with visitor(runtime) as client:
        page = await client.get(story.unsubscribe_path(tokens) + "?lang=ca")
    assert '<html lang="ca">' in page.text


async def test_links_of_test_mails_and_deleted_contacts_say_so_and_change_nothing(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    before = await everything(database)
    gone = tokens.unsubscribe(story.tenant.id, 99, contact_id=10**9, campaign_id=story.campaign)
    async with visitor(runtime) as client:
        for method in ("GET", "POST"):
            test = await client.request(method, story.unsubscribe_path(tokens, message=0))
            missing = await client.request(method, f"/u/{gone}")
            assert test.status_code == missing.status_code == 200
        shown = await client.get(story.unsubscribe_path(tokens, message=0))
        assert WORDINGS["en"].test_title in shown.text
    assert await everything(database) == before


@pytest.mark.checklist("SEC-06", "SEC-07")
@pytest.mark.parametrize("kind", ["c", "u", "v"])
async def test_no_mutation_of_a_token_is_accepted_and_all_look_alike(
    runtime: Runtime, tokens: Tokens, kind: str
) -> None:
    make = {
        "c": tokens.click(1, 5, 2, "https://example.com/shop"),
        "u": tokens.unsubscribe(1, 5, contact_id=6, campaign_id=7),
        "v": tokens.view(1, 5, campaign_id=7, contact_id=6),
    }
    good = make[kind]
    spins = random.Random(7)
    bad = [good[:i] + chr(ord(good[i]) ^ 1) + good[i + 1 :] for i in range(len(good))]
    bad += [good[:-1], good + "A", "", "A" * 40, "%00", "//evil.example", "https:evil.example"]
    bad += [make[other] for other in make if other != kind]
    bad += ["".join(spins.choices(good, k=len(good))) for _ in range(200)]
    async with visitor(runtime) as client:
        answers = {
            ((answer := await client.get(f"/{kind}/{token}")).status_code, answer.text)
            for token in bad
        }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


@pytest.mark.checklist("SEC-06")
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com",
        "//evil.example",
        "/login",
        "",
    ],
)
async def test_even_a_sealed_target_must_be_on_the_web(
    runtime: Runtime, tokens: Tokens, url: str
) -> None:
    async with visitor(runtime) as client:
        answer = await client.get(f"/c/{tokens.click(1, 5, 2, url)}")
    assert answer.status_code == 404


@pytest.mark.checklist("SEC-06", "SEC-04")
async def test_a_redirect_goes_where_the_token_says_and_breaks_no_header(
    runtime: Runtime, tokens: Tokens
) -> None:
    url = "https://example.com/zürich?a=1&b=%20x#y\r\nSet-Cookie: a=b"
    async with visitor(runtime) as client:
        token = tokens.click(1, 0, 2, url)
        answer = await client.get(f"/c/{token}?url=https://evil.example&to=https://evil.example")
    assert answer.status_code == 302
    assert answer.headers["location"] == (
        "https://example.com/z%C3%BCrich?a=1&b=%20x#y%0D%0ASet-Cookie:%20a=b"
    )
    assert "set-cookie" not in answer.headers


@pytest.mark.checklist("SEC-07")
async def test_the_pixel_is_the_same_for_every_token(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    paths = [tokens.open(story.tenant.id, story.message), tokens.open(1, 10**9), "forged", ""]
    async with visitor(runtime) as client:
        answers = [await client.get(f"/o/{token}") for token in paths]
    assert len({(a.status_code, a.content, tuple(a.headers.items())) for a in answers}) == 1
    assert answers[0].headers["cache-control"] == "no-store, private"
    assert answers[0].content.startswith(b"GIF89a")


async def test_opens_and_clicks_are_written_before_the_server_ends(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    async with visitor(runtime) as client:
        agent = {b"User-Agent": b"Mozilla/5.0 (Macintosh) \xe9"}
        await client.get(f"/o/{tokens.open(story.tenant.id, story.message)}", headers=agent)
        link = tokens.click(story.tenant.id, story.message, 1, "https://example.com")
        await client.get(f"/c/{link}")
        await client.head(f"/c/{link}")
    async with database.reading() as connection:
        row = (await connection.execute(select(tables.campaign_counters))).one()
        events = (
            await connection.execute(select(tables.events.c.kind, tables.events.c.data))
        ).all()
    assert (row.opened, row.opens, row.clicked, row.clicks) == (1, 1, 1, 1)
    assert [event.kind for event in events] == ["opened", "clicked"]
    assert events[0].data["verdict"] == "human"
    assert events[1].data["url"] == "https://example.com"


async def test_clicks_on_test_mails_lead_on_and_leave_no_trace(
    runtime: Runtime, database: Database, tokens: Tokens, tenant: MadeTenant
) -> None:
    async with visitor(runtime) as client:
        answer = await client.get(f"/c/{tokens.click(tenant.id, 0, 1, 'https://example.com/')}")
        await client.get(f"/o/{tokens.open(tenant.id, 0)}")
    assert answer.headers["location"] == "https://example.com/"
    async with database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(tables.events)) == 0


@pytest.mark.checklist("SEC-03")
async def test_names_on_the_page_are_text(
    runtime: Runtime, database: Database, tokens: Tokens, story: Story
) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            tables.tenants.update().values(name="<script>alert(1)</script>{email}")
        )
    async with visitor(runtime) as client:
        page = await client.get(story.unsubscribe_path(tokens))
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{email}" in page.text


async def test_pages_carry_headers_that_keep_them_harmless(
    runtime: Runtime, tokens: Tokens
) -> None:
    async with visitor(runtime) as client:
        page = await client.get(f"/u/{tokens.unsubscribe(1, 0, contact_id=1, campaign_id=1)}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_other_methods_are_refused_and_other_paths_passed_on(
    runtime: Runtime, tokens: Tokens
) -> None:
    token = tokens.unsubscribe(1, 0, contact_id=1, campaign_id=1)
    async with visitor(runtime) as client:
        assert (await client.delete(f"/u/{token}")).status_code == 405
        assert (await client.post("/o/x")).headers["allow"] == "GET, HEAD"
        assert (await client.post("/c/x")).status_code == 405
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.get(f"/{uuid4()}")).status_code == 418
