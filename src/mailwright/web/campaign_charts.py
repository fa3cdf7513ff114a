"""A campaign's opens and clicks over time, drawn by the server: bars of hours, then bars of days.

Lengths across are shares of the width, so that a chart fits a phone with its words at full size;
lengths down are pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from mailwright.domain.timeline import HOURS
from mailwright.services.timelines import Bucket, Timeline

HEIGHT = 148  # of the bars
#: How many hours a chart of the first two days shows, with the steps of its axis: the first that
#: has room for all, so that the first bars are not slivers.
HOUR_AXES = ((6, 1), (12, 3), (24, 6), (HOURS, 12))
DAYS_SHOWN = 28
_DAYS_MIN = 7
_FIRST_DAY = HOURS // 24 + 1
_LABELS_OF_DAYS_MAX = 10
#: Round figures whose half is whole; times ten, a hundred, …
_ROUND = (2, 4, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket: `left` and `width` in percent of the chart, heights in pixels."""

    bucket: Bucket
    name: str
    slot: float  # percent: where its part of the axis begins
    left: float
    width: float
    click_left: float
    click_width: float
    opens: float
    by_people: float
    clicks: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not self.bucket.opens and not self.bucket.clicks


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars beside each other under one scale, whose `top` is a round figure."""

    unit: str
    bars: Sequence[Bar]
    top: int
    step: float  # percent: one bucket
    labels: Sequence[tuple[float, str, str]]  # percent, text, its anchor

    @property
    def busiest(self) -> Bar:
        """The bar with most opens; of as many, the earliest."""
        return max(self.bars, key=lambda bar: (bar.bucket.opens, bar.bucket.clicks))


@dataclass(frozen=True, slots=True)
class Engagement:
    """What the page shows of a timeline: a chart of hours, one of days, and all of it as figures.

    `later_days`: days that are in the figures and not in the chart.
    """

    charts: Sequence[Chart]
    rows: Sequence[Bucket]
    opens: int
    machine_opens: int
    clicks: int
    machine_clicks: int
    later_days: int


def engagement_of(timeline: Timeline) -> Engagement:
    """The timeline as charts; none where nothing has happened yet."""
    buckets = timeline.buckets
    busy = [bucket for bucket in buckets if bucket.opens or bucket.clicks]
    days = buckets[HOURS:]
    charts: list[Chart] = []
    if busy:
        charts.append(_hours(buckets[:HOURS]))
    if days:
        charts.append(_days(days[:DAYS_SHOWN]))
    return Engagement(
        charts,
        busy,
        opens=sum(bucket.opens for bucket in busy),
        machine_opens=sum(bucket.machine_opens for bucket in busy),
        clicks=sum(bucket.clicks for bucket in busy),
        machine_clicks=sum(bucket.machine_clicks for bucket in busy),
        later_days=max(0, len(days) - DAYS_SHOWN),
    )


def round_top(figure: int) -> int:
    """The round figure that is at least `figure`, with a whole half."""
    for power in count():
        for step in _ROUND:
            if figure <= step * 10**power:
                return step * 10**power
    raise AssertionError("powers never end")


def _hours(buckets: Sequence[Bucket]) -> Chart:
    slots, step = next((axis for axis in HOUR_AXES if axis[0] >= len(buckets)), HOUR_AXES[-1])
    labels = [
        (_percent(hour, slots), "start" if hour == 0 else f"{hour} h", _anchor(hour, slots))
        for hour in range(0, slots + 1, step)
    ]
    names = [f"Hour {number}" for number in range(1, len(buckets) + 1)]
    return _chart("hour", buckets, names, slots, labels)


def _days(buckets: Sequence[Bucket]) -> Chart:
    slots = max(_DAYS_MIN, len(buckets))
    names = [f"Day {number + _FIRST_DAY}" for number in range(len(buckets))]
    every = 1 if slots <= _LABELS_OF_DAYS_MAX else 7
    labels = [
        (_percent(place + 0.5, slots), f"day {place + _FIRST_DAY}", "middle")
        for place in range(0, slots, every)
    ]
    return _chart("day", buckets, names, slots, labels)


def _chart(
    unit: str,
    buckets: Sequence[Bucket],
    names: Sequence[str],
    slots: int,
    labels: Sequence[tuple[float, str, str]],
) -> Chart:
    top = round_top(max(max(bucket.opens, bucket.clicks) for bucket in buckets))
    bars = [
        Bar(
            bucket,
            name,
            slot=_percent(place, slots),
            left=_percent(place + 0.14, slots),
            width=_percent(0.72, slots),
            click_left=_percent(place + 0.34, slots),
            click_width=_percent(0.32, slots),
            opens=_height(bucket.opens, top),
            by_people=_height(bucket.opens - bucket.machine_opens, top),
            clicks=_height(bucket.clicks, top),
        )
        for place, (bucket, name) in enumerate(zip(buckets, names, strict=True))
    ]
    return Chart(unit, bars, top, _percent(1, slots), labels)


def _percent(part: float, whole: int) -> float:
    return round(100 * part / whole, 3)


def _height(figure: int, top: int) -> float:
    """In pixels; what is not nothing is seen."""
    return max(2.0, round(HEIGHT * figure / top, 1)) if figure else 0.0


def _anchor(place: int, slots: int) -> str:
    return {0: "start", slots: "end"}.get(place, "middle")
