"""Addresses: what is taken, what makes two of them one."""

from __future__ import annotations

import email_validator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailwright.domain import email_address
from mailwright.domain.email_address import EmailAddress, email_key_of, is_address
from mailwright.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Ada.Lovelace+news@Example.COM", "ada.lovelace+news@example.com"),
        ("  ada@example.com ", "ada@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("zoë@bücher.example", "zoë@xn--bcher-kva.example"),
        ("zoe@BÜCHER.example", "zoe@xn--bcher-kva.example"),
        ("zoe@xn--bcher-kva.example", "zoe@xn--bcher-kva.example"),
        ("a@b.co", "a@b.co"),
        ("x@mail.test", "x@mail.test"),
    ],
)
def test_equal_mailboxes_have_equal_keys(text: str, key: str) -> None:
    assert EmailAddress.parse(text).key == key
    assert email_key_of(text) == key


def test_dots_and_tags_are_kept_as_the_provider_may_mean_them() -> None:
    assert EmailAddress.parse("a.b+c@gmail.com").key != EmailAddress.parse("ab@gmail.com").key


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@@example.com",
        "ada@example..com",
        ".ada@example.com",
        "ada.@example.com",
        "ada@-example.com",
        "ada@example.com-",
        "ada lovelace@example.com",
        '"ada lovelace"@example.com',
        "Ada <ada@example.com>",
        "ada@[127.0.0.1]",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\0@example.com",
        "ada@exam\nple.com",
        "ada@example.com,eve@example.com",
        "ada\ud800@example.com",
        f"{'a' * 65}@example.com",
        f"ada@{'x' * 64}.com",
        f"ada@{'x.' * 130}com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        EmailAddress.parse(text)
    assert refused.value.details.keys() == {"email"}
    assert not is_address(text)


_PLAIN = st.from_regex(email_address.PLAIN).map(str.strip)


@given(_PLAIN | st.emails())
@settings(max_examples=200)
def test_the_fast_way_takes_nothing_the_library_refuses(text: str) -> None:
    try:
        key = EmailAddress.parse(text).key
    except InvalidInput:
        return
    found = email_validator.validate_email(
        text, check_deliverability=False, globally_deliverable=False
    )
    assert key == f"{found.local_part.lower()}@{found.ascii_domain.lower()}"
