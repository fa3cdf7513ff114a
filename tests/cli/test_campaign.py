"""`mailwright campaign …`: the same services as the API, from a shell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from mailwright.store.database import Database, database_url
from tests.builders import make_campaign, make_list, make_sender
from tests.cli.program import Program

Made = TypeVar("Made")


@pytest.fixture
def campaign_id(mailwright: Program, fresh_database_url: str) -> str:
    """A campaign of the tenant `default` that can be sent."""
    assert mailwright("tenant", "list").status == 0, "makes the tenant"

    async def make(database: Database) -> str:
        sender, audience = await make_sender(database, 1), await make_list(database, 1)
        made = await make_campaign(
            database,
            1,
            name="May",
            from_name="Ada",
            sender_id=sender.id,
            list_id=audience.id,
        )
        await make_campaign(database, 1, name="June")
        return str(made.uuid)

    return _with_database(fresh_database_url, make)


def _with_database(url: str, work: Callable[[Database], Awaitable[Made]]) -> Made:
    async def run() -> Made:
        database = Database(database_url(url))
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def test_campaigns_are_listed_searched_and_filtered(mailwright: Program, campaign_id: str) -> None:
    assert {row["name"] for row in mailwright("campaign", "list", "--json").json} == {"May", "June"}
    (found,) = mailwright("campaign", "list", "--search", "may", "--json").json
    assert (found["uuid"], found["status"]) == (campaign_id, "draft")
    assert mailwright("campaign", "list", "--status", "sent", "--json").json == []
    assert campaign_id in mailwright("campaign", "list").out
    wrong = mailwright("campaign", "list", "--status", "delivered")
    assert wrong.status == 1
    assert "draft" in wrong.err


def test_one_is_shown_with_its_figures(mailwright: Program, campaign_id: str) -> None:
    shown = mailwright("campaign", "show", campaign_id, "--json").json
    assert (shown["name"], shown["report"]["audience"]) == ("May", 0)
    lines = mailwright("campaign", "show", campaign_id).out
    assert "status        draft" in lines
    assert "subject       News" in lines


def test_one_is_sent_and_canceled(mailwright: Program, campaign_id: str) -> None:
    assert mailwright("campaign", "send", campaign_id, "--json").json["status"] == "queued"
    again = mailwright("campaign", "send", campaign_id)
    assert again.status == 1
    assert "queued" in again.err
    assert mailwright("campaign", "cancel", campaign_id).out == "May is canceled.\n"


def test_a_test_without_a_running_inbox_says_what_to_start(
    mailwright: Program, campaign_id: str
) -> None:
    ran = mailwright("campaign", "test", campaign_id, "me@example.com")
    assert ran.status != 0
    assert "mailwright serve" in ran.err


@pytest.mark.parametrize("word", ["7", "01990000-0000-7000-8000-000000000000"])
def test_an_unknown_campaign_is_one_sentence(
    mailwright: Program, campaign_id: str, word: str
) -> None:
    for command in ("show", "send", "cancel"):
        ran = mailwright("campaign", command, word)
        assert (ran.status, ran.err) == (1, "Error: There is no such campaign.\n")
