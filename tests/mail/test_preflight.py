"""What one might regret about a mail: each finding where it is due, and nowhere else."""

from __future__ import annotations

import pytest

from mailwright.mail.preflight import Draft, findings

WORDS = "<p>" + "word " * 20 + "</p>"


def codes(subject: str = "News", preheader: str = "What is new", html: str = WORDS) -> list[str]:
    return [finding.code for finding in findings(Draft(subject, preheader, html))]


def test_a_mail_that_is_well_has_no_findings() -> None:
    link = '<a href="https://shop.example">Shop</a><a href="{{ unsubscribeUrl }}">Leave</a>'
    picture = '<img src="https://shop.example/x.png" alt="Bread">'
    assert codes(html=WORDS + link + picture) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"subject": "x" * 71}, "SUBJECT_LONG"),
        ({"subject": "BUY NOW, {{ first_name }}, ALL OF IT"}, "SUBJECT_SHOUTS"),
        ({"preheader": "  "}, "PREHEADER_MISSING"),
        ({"html": "<p>" + "long words " * 10_000 + "</p>"}, "BODY_LARGE"),
        ({"html": WORDS + '<img src="x.png" alt=" ">'}, "IMAGES_UNDESCRIBED"),
        ({"html": '<img src="x.png" alt="x"><p>Hi</p>'}, "IMAGES_ONLY"),
        ({"html": WORDS + '<a href="#">Shop</a>'}, "LINKS_EMPTY"),
        ({"html": WORDS + '<a href="http://shop.example">Shop</a>'}, "LINKS_UNENCRYPTED"),
    ],
)
def test_each_finding_is_made_alone(fields: dict[str, str], code: str) -> None:
    assert codes(**fields) == [code]


def test_merge_tags_do_not_count_as_letters_of_the_subject() -> None:
    assert codes(subject='{{ contact.first_name | default: "' + "x" * 80 + '" }}, hi') == []
    assert codes(subject="OK, {{ first_name }}") == []


def test_how_many_is_said() -> None:
    html = WORDS + '<img src="a"><img src="b"><a href="">x</a>'
    messages = [finding.message for finding in findings(Draft("News", "x", html))]
    assert messages[0].startswith("2 pictures without a description")
    assert messages[1] == "1 link leading nowhere."
