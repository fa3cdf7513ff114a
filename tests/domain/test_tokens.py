"""Tokens open only what was sealed, for the purpose it was sealed for."""

import random

import pytest

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Click, MessageRef, Tokens, Unsubscribe

TOKENS = Tokens(Keys("s" * 40))
URL = "https://example.com/ü?a=1&b=2#top"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_each_token_reads_back() -> None:
    assert TOKENS.read_open(TOKENS.open(3, 10**15)) == MessageRef(3, 10**15)
    assert TOKENS.read_click(TOKENS.click(3, 7, 2, URL)) == Click(MessageRef(3, 7, 2), URL)
    token = TOKENS.unsubscribe(3, 7, contact_id=9, campaign_id=11)
    assert TOKENS.read_unsubscribe(token) == Unsubscribe(MessageRef(3, 7), 9, 11)
    path = TOKENS.return_path(3, 7)
    assert TOKENS.read_return_path(path.upper()) == MessageRef(3, 7)
    assert len(path) == 42
    message_id = TOKENS.message_id(3, 7, "x.example")
    assert TOKENS.read_message_id(message_id) == MessageRef(3, 7)
    assert TOKENS.read_message_id(f" {message_id.upper()} ") == MessageRef(3, 7)


@pytest.mark.parametrize("text", ["", "<>", "<a@b>", f"<{'g' * 32}@b>", f"<{'0' * 32}@b>", "é"])
def test_another_programs_message_id_names_nothing(text: str) -> None:
    assert TOKENS.read_message_id(text) is None


@pytest.mark.checklist("SEC-06")
def test_no_changed_click_token_is_accepted() -> None:
    chance = random.Random(8)
    for number in range(300):
        token = TOKENS.click(1, number, 1, URL)
        place = chance.randrange(len(token))
        other = chance.choice(ALPHABET.replace(token[place], ""))
        assert TOKENS.read_click(token[:place] + other + token[place + 1 :]) is None


@pytest.mark.checklist("SEC-08")
def test_a_token_of_one_purpose_is_refused_for_another() -> None:
    assert TOKENS.read_click(TOKENS.open(1, 2)) is None
    assert TOKENS.read_open(TOKENS.click(1, 2, 0, "")) is None
    person = TOKENS.unsubscribe(1, 2, contact_id=3, campaign_id=4)
    assert TOKENS.read_view(person) is None


def test_tokens_of_another_installation_are_refused() -> None:
    other = Tokens(Keys("t" * 40))
    assert TOKENS.read_open(other.open(1, 2)) is None
    assert TOKENS.read_return_path(other.return_path(1, 2)) is None


@pytest.mark.checklist("SEC-07", "OUT-16")
def test_tokens_do_not_show_ids() -> None:
    assert TOKENS.open(1, 2)[:10] != TOKENS.open(1, 3)[:10]
    assert TOKENS.message_id(1, 2, "example.com") == TOKENS.message_id(1, 2, "example.com")


def test_garbage_is_none() -> None:
    for text in ("", "a", "é" * 40, "=" * 40, "A" * 500):
        assert TOKENS.read_open(text) is None
        assert TOKENS.read_click(text) is None
        assert TOKENS.read_unsubscribe(text) is None
        assert TOKENS.read_return_path("b-" + text) is None
