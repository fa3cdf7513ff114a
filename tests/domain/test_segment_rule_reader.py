"""Segment rules: what is read, and that whatever is wrong is named by its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.domain.segment_rule import (
    AttributeCondition,
    EngagementCondition,
    Group,
    ListCondition,
    Match,
    Negation,
    PresenceCondition,
    TextCondition,
    TimeCondition,
    conditions_of,
)
from mailwright.domain.segment_rule_fields import FIELDS, OPS
from mailwright.domain.segment_rule_reader import CONDITIONS_MAX, DEPTH_MAX, parse_rule
from mailwright.errors import InvalidInput

LIST = "0193e3b5-0000-7000-8000-000000000001"


def _leaf(field: str, op: object, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, **more}


ANNA = _leaf("first_name", "eq", "Anna")


@pytest.mark.parametrize(
    ("rule", "parsed"),
    [
        (ANNA, TextCondition("first_name", Match.IN, ("Anna",))),
        (
            _leaf("first_name", "ne", "Anna"),
            Negation(TextCondition("first_name", Match.IN, ("Anna",))),
        ),
        (
            _leaf("locale", "in", ["es", "pt-BR"]),
            TextCondition("locale", Match.IN, ("es", "pt-BR")),
        ),
        (
            _leaf("created_at", "gte", "2026-05-01"),
            TimeCondition("created_at", Match.GTE, datetime(2026, 5, 1, tzinfo=UTC)),
        ),
        (_leaf("attributes.age", "gt", 30), AttributeCondition("age", Match.GT, (30,))),
        (_leaf("list", "eq", LIST), ListCondition((UUID(LIST),))),
        (
            _leaf("opened", "eq", "any", within_days=30),
            EngagementCondition("opened", (), 30),
        ),
        (_leaf("clicked", "exists", False), Negation(EngagementCondition("clicked", (), None))),
        ({"field": "attributes.x", "op": "exists"}, PresenceCondition(None, "x")),
        ({"not": ANNA}, Negation(TextCondition("first_name", Match.IN, ("Anna",)))),
        ({"any": [ANNA]}, Group(False, (TextCondition("first_name", Match.IN, ("Anna",)),))),
    ],
)
def test_a_rule_is_read_into_its_tree(rule: dict[str, Any], parsed: object) -> None:
    assert parse_rule(rule) == parsed


def _nested(depth: int) -> dict[str, Any]:
    rule: dict[str, Any] = ANNA
    for _ in range(depth - 1):
        rule = {"not": rule}
    return rule


@pytest.mark.checklist("SEC-26")
@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ([], "rule"),
        ({}, "rule"),
        ({"all": []}, "rule.all"),
        ({"all": ANNA}, "rule.all"),
        ({"all": [ANNA], "any": [ANNA]}, "rule.any"),
        (
            {"all": [ANNA, {"not": {"field": "age", "op": "eq", "value": 1}}]},
            "rule.all[1].not.field",
        ),
        (_leaf("1=1; drop table contacts", "eq", 1), "rule.field"),
        (_leaf("attributes.", "eq", 1), "rule.field"),
        (_leaf("tenant_id", "eq", 1), "rule.field"),
        (_leaf("first_name", "like", "x"), "rule.op"),
        (_leaf("first_name", "gt", "x"), "rule.op"),
        (_leaf("first_name", ["eq"], "x"), "rule.op"),
        (_leaf("first_name", "eq", 1), "rule.value"),
        (_leaf("first_name", "eq", "a\0b"), "rule.value"),
        (_leaf("first_name", "eq", "x" * 1025), "rule.value"),
        (_leaf("first_name", "in", "x"), "rule.value"),
        (_leaf("first_name", "in", []), "rule.value"),
        (_leaf("attributes.a", "eq", {"b": 1}), "rule.value"),
        (_leaf("attributes.a", "eq", 10**30), "rule.value"),
        (_leaf("attributes.a", "contains", 1), "rule.value"),
        (_leaf("created_at", "gt", "yesterday"), "rule.value"),
        (_leaf("list", "eq", "news"), "rule.value"),
        (_leaf("opened", "eq", "all"), "rule.value"),
        (_leaf("opened", "eq", "any", within_days=0), "rule.within_days"),
        (_leaf("opened", "eq", "any", within_days=True), "rule.within_days"),
        (_leaf("first_name", "eq", "x", within_days=1), "rule.within_days"),
        ({"field": "first_name", "op": "eq"}, "rule.value"),
        (_nested(DEPTH_MAX + 1), "rule" + ".not" * DEPTH_MAX),
        ({"any": [ANNA] * (CONDITIONS_MAX + 1)}, "rule.any"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(rule: object, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_rule(rule)
    assert refused.value.details.keys() == {place}


def test_a_forest_of_groups_is_refused_too() -> None:
    group = {"all": [ANNA] * 20}
    with pytest.raises(InvalidInput):
        parse_rule({"any": [group] * 6})


def test_the_deepest_rule_is_read() -> None:
    assert len(list(conditions_of(parse_rule(_nested(DEPTH_MAX))))) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "within_days"])
            | st.text(),
            inner | st.sampled_from([*FIELDS, *OPS["attribute"]]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.checklist("SEC-26")
@given(_JSON)
def test_any_json_is_a_rule_or_refused(rule: object) -> None:
    try:
        parsed = parse_rule(rule)
    except InvalidInput:
        return
    assert list(conditions_of(parsed))
