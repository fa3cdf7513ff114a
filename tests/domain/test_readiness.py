"""What is missing, told in easymail's words and order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailwright.domain.readiness import Facts, missing, missing_for_test

READY = Facts(from_name="Ada", has_sender=True, subject="News", has_body=True, has_audience=True)


@pytest.mark.checklist("Z40")
def test_nothing_is_missing_when_every_requirement_is_met() -> None:
    assert missing(READY) == ()


@pytest.mark.checklist("Z46")
def test_a_campaign_with_only_a_name_lacks_all_five() -> None:
    nothing = Facts(None, has_sender=False, subject=None, has_body=False, has_audience=False)
    assert missing(nothing) == ("from_name", "sender_email", "subject", "content", "audience")


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        pytest.param(
            replace(READY, from_name=None), "from_name", marks=pytest.mark.checklist("Z41")
        ),
        pytest.param(
            replace(READY, has_sender=False), "sender_email", marks=pytest.mark.checklist("Z42")
        ),
        pytest.param(replace(READY, subject="  "), "subject", marks=pytest.mark.checklist("Z43")),
        pytest.param(replace(READY, has_body=False), "content", marks=pytest.mark.checklist("Z44")),
        pytest.param(
            replace(READY, has_audience=False), "audience", marks=pytest.mark.checklist("Z45")
        ),
    ],
)
def test_each_requirement_is_missing_by_itself(facts: Facts, word: str) -> None:
    assert missing(facts) == (word,)


@pytest.mark.checklist("Z32")
def test_a_test_mail_needs_neither_audience_nor_from_name() -> None:
    facts = replace(READY, from_name=None, has_audience=False)
    assert missing_for_test(facts) == ()


def test_a_test_mail_needs_subject_body_and_sender() -> None:
    facts = replace(READY, subject=None, has_body=False, has_sender=False)
    assert missing_for_test(facts) == ("subject", "content", "sender_identity")
