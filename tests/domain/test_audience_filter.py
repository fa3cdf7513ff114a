"""The inline filter in its simple form and as a rule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from mailwright.domain.audience_filter import parse_filter
from mailwright.domain.segment_rule import (
    AttributeCondition,
    Group,
    Match,
    OptInCondition,
    ProjectCondition,
    TextCondition,
)
from mailwright.errors import InvalidInput

PROJECT = "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"


@pytest.mark.checklist("M25")
def test_every_part_of_the_simple_form_must_fit() -> None:
    rule = parse_filter(
        {
            "locale": "pt_br",
            "opt_in": True,
            "project_uuid": PROJECT,
            "attributes": {"plan": "pro", "seats": 3},
        }
    )
    assert rule == Group(
        every=True,
        rules=(
            TextCondition("locale", Match.IN, ("pt-BR",)),
            OptInCondition(wanted=True),
            ProjectCondition((UUID(PROJECT),)),
            AttributeCondition("plan", Match.IN, ("pro",)),
            AttributeCondition("seats", Match.IN, (3,)),
        ),
    )


def test_nothing_is_everybody() -> None:
    assert parse_filter({}) is None
    assert parse_filter({"attributes": {}}) is None


def test_a_rule_is_a_rule() -> None:
    leaf = {"field": "opt_in", "op": "eq", "value": False}
    assert parse_filter(leaf) == OptInCondition(wanted=False)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([], "audience_filter"),
        ({"country": "ES"}, "audience_filter.country"),
        ({"locale": 7}, "audience_filter.locale"),
        ({"locale": "not a locale"}, "audience_filter.locale"),
        ({"opt_in": "yes"}, "audience_filter.opt_in"),
        ({"project_uuid": "x"}, "audience_filter.project_uuid.value"),
        ({"attributes": ["pro"]}, "audience_filter.attributes"),
        ({"attributes": {"plan": {"gt": 3}}}, "audience_filter.attributes.plan"),
        ({"attributes": {"plan": None}}, "audience_filter.attributes.plan"),
        ({"field": "locale", "op": "near", "value": "es"}, "audience_filter.op"),
    ],
)
def test_what_is_wrong_is_named(given: Any, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_filter(given)
    assert list(refused.value.details) == [place]
