"""What the status and the words of a failure mean together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.domain.delivery_report import read_failure


# status, diagnostic → enhanced code, hard, suppress, rule
@pytest.mark.checklist("E27")
@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.1.1", "550 5.1.1 User unknown", ("5.1.1", True, True, "address-invalid")),
        ("5.1.1", None, ("5.1.1", True, True, "address-invalid")),
        ("5.0.0", "550 5.1.1 No such user", ("5.1.1", True, True, "address-invalid")),
        (None, "550 5.1.1 No such user", ("5.1.1", True, True, "address-invalid")),
        # no code of any use: the words
        ("5.0.0", "550 user unknown", ("5.0.0", True, True, "unknown-user-by-text")),
        (None, "550 user unknown", (None, True, True, "unknown-user-by-text")),
        (None, None, (None, False, False, "remote")),
        ("garbage", "garbage", (None, False, False, "remote")),
        # the mailbox, the moment, the content
        ("5.2.2", "552 5.2.2 Over quota", ("5.2.2", False, False, "mailbox-full")),
        ("4.4.7", "delivery time expired", ("4.4.7", False, False, "remote")),
        ("4.2.2", None, ("4.2.2", False, False, "mailbox-full")),
        # us, never the address
        ("5.7.1", "550 5.7.1 Blocked", ("5.7.1", False, False, "policy")),
        ("5.1.1", "550 5.7.1 Blocked", ("5.7.1", False, False, "policy")),
        # 5.1.1 is what sendmail writes for any 550: the words know better
        ("5.1.1", "550 Blocked, see our spam policy", ("5.1.1", False, False, "policy-by-text")),
        # a relay's opinion before the words it heard
        (
            "5.0.0",
            "5.1.0 - Unknown address error 550-'5.7.1 Access denied'",
            ("5.7.1", False, False, "policy"),
        ),
        ("5.2.1", "550 5.2.1 The account is disabled", ("5.2.1", True, True, "mailbox-disabled")),
        ("5.2.1", "550 5.2.1 Closed", ("5.2.1", True, False, "mailbox-disabled-unclear")),
    ],
)
def test_codes_come_first_and_words_where_they_say_more(
    status: str | None, diagnostic: str | None, expected: tuple[str | None, bool, bool, str]
) -> None:
    found = read_failure(status, diagnostic)
    assert (
        found.status,
        found.is_hard,
        found.verdict.suppress,
        found.verdict.rule,
    ) == expected


@given(st.text(max_size=40) | st.none(), st.text(max_size=300) | st.none())
def test_any_words_have_a_meaning_and_the_mail_is_over(
    status: str | None, diagnostic: str | None
) -> None:
    found = read_failure(status, diagnostic)
    assert found.verdict.message_state in {"bounced", "failed"}
    assert found.is_hard or not found.verdict.suppress
