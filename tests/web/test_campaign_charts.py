"""The chart of opens and clicks: what is drawn, and what stands beside it for who cannot see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from mailwright.domain.timeline import HOURS, bucket_span
from mailwright.services.timelines import Bucket, Timeline
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.web.campaign_charts import DAYS_SHOWN, HEIGHT, engagement_of, round_top
from tests.builders import MadeTenant, make_campaign
from tests.web.browsing import Browser

START = datetime(2026, 11, 1, 9, tzinfo=UTC)


def timeline(*opens: int) -> Timeline:
    spans = (bucket_span(START, place) for place in range(len(opens)))
    buckets = [
        Bucket(*span, figure, figure // 2, figure // 4, 0)
        for span, figure in zip(spans, opens, strict=True)
    ]
    return Timeline(START, buckets)


@pytest.mark.parametrize(
    ("figure", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (11, 20), (61, 80), (123_456, 200_000)]
)
def test_the_scale_ends_at_a_round_figure_with_a_whole_half(figure: int, top: int) -> None:
    assert round_top(figure) == top
    assert round_top(figure) % 2 == 0


def test_bars_are_as_high_as_their_figures_and_lie_beside_each_other() -> None:
    (hours,) = engagement_of(timeline(8, 10, 1, 0)).charts
    assert [bar.opens for bar in hours.bars] == [HEIGHT * 0.8, HEIGHT, HEIGHT * 0.1, 0]
    assert hours.bars[0].by_people == HEIGHT * 0.4
    lefts = [bar.left for bar in hours.bars]
    assert lefts == sorted(lefts)
    assert all(bar.left + bar.width < bar.slot + hours.step for bar in hours.bars)
    assert hours.busiest.name == "Hour 2"
    assert hours.labels[-1] == (100, "6 h", "end")


def test_days_have_a_chart_of_their_own_and_those_that_do_not_fit_are_told() -> None:
    shown = engagement_of(timeline(*[4] * HOURS, *[1] * (DAYS_SHOWN + 3)))
    hours, days = shown.charts
    assert len(hours.bars) == HOURS
    assert len(days.bars) == DAYS_SHOWN
    assert (days.top, days.bars[0].name) == (2, "Day 3")
    assert shown.later_days == 3
    assert shown.opens == 4 * HOURS + DAYS_SHOWN + 3
    assert len(shown.rows) == HOURS + DAYS_SHOWN + 3


def test_nothing_is_drawn_where_nothing_happened() -> None:
    assert engagement_of(Timeline(None, [])).charts == []
    assert engagement_of(timeline(0, 0, 0)).charts == []


async def test_the_page_has_the_chart_in_words_and_as_a_table(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    now = datetime.now(UTC)
    campaign = await make_campaign(database, tenant.id, state="sent", started_at=now, queued_at=now)
    path = f"/campaigns/{campaign.uuid}"
    await owner.open(path)
    assert "Nobody has opened it yet." in owner.text
    for kind, verdict in (("opened", "human"), ("opened", "prefetch"), ("clicked", "human")):
        values = {"tenant_id": tenant.id, "campaign_id": campaign.id, "message_id": 1}
        event = {**values, "kind": kind, "at": now + timedelta(minutes=5)}
        async with database.transaction() as connection:
            await connection.execute(
                insert(tables.events).values(**event, data={"verdict": verdict})
            )
    await owner.open(path)
    (about,) = (words.text() for words in owner.page.css("svg.chart desc"))
    assert about.startswith("Hour 1 had most: 2 opens and 1 click.")
    assert "Opens 1 Opens by machines 1 Clicks 1" in owner.text
    cells = [cell.text() for cell in owner.page.css("figure ~ details tbody td.number, .fold td")]
    assert cells[2:6] == ["2", "1", "1", "0"]
    assert "style=" not in owner.answer.text


async def test_a_campaign_that_counts_neither_says_so(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    now = datetime.now(UTC)
    campaign = await make_campaign(database, tenant.id, state="sent", started_at=now, queued_at=now)
    async with database.transaction() as connection:
        await connection.execute(
            update(tables.campaigns)
            .where(tables.campaigns.c.id == campaign.id)
            .values(track_opens=False, track_clicks=False)
        )
    await owner.open(f"/campaigns/{campaign.uuid}")
    assert "Neither opens nor clicks of this campaign are counted." in owner.text
