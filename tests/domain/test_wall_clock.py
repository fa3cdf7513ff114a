"""Local times, also on the nights when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailwright.domain.wall_clock import (
    ClockChange,
    find_zone,
    instant,
    parse_zone,
    read_wall_clock,
    zone_names,
)
from mailwright.errors import InvalidInput

MADRID = "Europe/Madrid"


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-10-24T09:00", "2026-10-24T07:00"),  # summer time
        ("2026-10-25T01:59", "2026-10-24T23:59"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # comes twice: the first
        ("2026-10-25T03:00", "2026-10-25T02:00"),
        ("2026-10-25T09:00", "2026-10-25T08:00"),  # nine o'clock is nine o'clock
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # never comes: 03:30 in summer time
        ("2026-03-29T03:00", "2026-03-29T01:00"),
    ],
)
def test_a_local_time_is_one_instant_on_every_day(local: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert instant(datetime.fromisoformat(local), MADRID) == expected


@pytest.mark.checklist("U07")
def test_an_offset_needs_no_zone_and_is_changed_by_none() -> None:
    nine = datetime.fromisoformat("2026-10-25T09:00:00.000Z")
    assert instant(nine, MADRID) == instant(nine, None) == datetime(2026, 10, 25, 9, tzinfo=UTC)


def test_a_local_time_without_a_place_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        instant(datetime(2026, 10, 25, 9), None)  # noqa: DTZ001  # local time is the point
    assert "scheduled_at" in refused.value.details


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    "name",
    ["Europe/Nowhere", "CET+1", "../../etc/passwd", "/etc/localtime", "", "Europe", "a/" * 80],
)
def test_a_zone_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_zone(name)
    assert "timezone" in refused.value.details


@pytest.mark.checklist("M20")
@pytest.mark.parametrize("name", [MADRID, "America/Argentina/Buenos_Aires", "UTC"])
def test_iana_names_are_taken(name: str) -> None:
    assert parse_zone(name) == name


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    ("asked", "local", "change"),
    [
        ("2026-10-24T02:30", "2026-10-24T02:30+02:00", None),
        ("2026-10-25T01:59", "2026-10-25T01:59+02:00", None),
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00", ClockChange.REPEATED),
        ("2026-10-25T03:00", "2026-10-25T03:00+01:00", None),
        ("2026-03-29T02:00", "2026-03-29T03:00+02:00", ClockChange.SKIPPED),
        ("2026-03-29T02:30", "2026-03-29T03:30+02:00", ClockChange.SKIPPED),
        ("2026-03-29T03:00", "2026-03-29T03:00+02:00", None),
    ],
)
def test_what_is_odd_about_a_time_is_told(
    asked: str, local: str, change: ClockChange | None
) -> None:
    wall_clock = read_wall_clock(datetime.fromisoformat(asked), MADRID)
    assert wall_clock.local.isoformat(timespec="minutes") == local
    assert wall_clock.change == change
    assert wall_clock.instant == instant(datetime.fromisoformat(asked), MADRID)


def test_a_zone_is_found_by_its_name_in_any_case_or_by_its_city() -> None:
    assert find_zone("europe/madrid") == find_zone(" Madrid ") == MADRID
    assert find_zone("new york") == "America/New_York"
    assert find_zone("utc") == "UTC"
    assert find_zone("Etc/GMT+3") == "Etc/GMT+3"  # not offered, and still a zone
    for text in ("Atlantis", "Europe", "", "x" * 200, "Europe/../Madrid"):
        with pytest.raises(InvalidInput):
            find_zone(text)


def test_zones_on_offer_are_zones() -> None:
    assert len(zone_names()) > 400
    assert all(parse_zone(name) == name for name in zone_names())
