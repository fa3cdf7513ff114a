"""Whose words are whose: nothing is lost between a vendor's list of events and ours."""

from __future__ import annotations

from mailwright.domain.webhook_event import EventType
from mailwright.domain.webhook_words import CAKEMAIL_REFUSED, CAKEMAIL_WORDS, MailingCoreWord
from tests.dialects.cakemail.document import document

_ENUM = set(document()["components"]["schemas"]["EventType"]["enum"])


def test_every_word_of_cakemails_document_is_told_or_refused_with_a_reason() -> None:
    told = set(CAKEMAIL_WORDS.values())
    assert told | set(CAKEMAIL_REFUSED) >= _ENUM
    assert not told & set(CAKEMAIL_REFUSED)
    assert all(len(reason) > 20 for reason in CAKEMAIL_REFUSED.values())


def test_no_word_is_made_up_but_those_of_its_guides() -> None:
    assert set(CAKEMAIL_WORDS.values()) - _ENUM == {"Campaign.Sent", "Campaign.Failed"}
    assert set(CAKEMAIL_REFUSED) <= _ENUM


def test_each_word_means_one_event() -> None:
    assert set(CAKEMAIL_WORDS) <= set(EventType)
    assert len(set(CAKEMAIL_WORDS.values())) == len(CAKEMAIL_WORDS)


def test_mailingcores_words_are_among_ours() -> None:
    assert set(MailingCoreWord) <= set(EventType)
    assert len(MailingCoreWord) == 8
