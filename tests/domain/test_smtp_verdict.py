from __future__ import annotations

import csv
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.domain.smtp_verdict import RULES, About, Phase, Verdict, unknown_outcome, verdict

R, M, D, E = Phase.RCPT, Phase.MAIL, Phase.DATA, Phase.END_OF_DATA

# code, enhanced, phase, text → state, about, suppress, rule
TABLE = """
250|2.0.0|end_of_data|queued as 7F3|sent|remote|no|accepted
421|4.3.2|greeting|shutting down|deferred|us|no|route-refused
554||connect|no service|deferred|us|no|route-refused
454|4.7.0|tls|TLS not available|deferred|us|no|route-refused
535|5.7.8|auth|bad credentials|deferred|us|no|route-refused
550|5.1.1|ehlo|user unknown|deferred|us|no|route-refused
552|5.3.4|mail|too big|failed|content|no|size
452|4.3.4|mail|too big for now|deferred|content|no|size
552||mail|message size exceeds limit|failed|content|no|size-no-detail
530|5.7.0|mail|Authentication required|deferred|us|no|sender-refused
550|5.1.8|mail|sender domain unknown|deferred|us|no|sender-refused
553|5.1.1|mail|user unknown|deferred|us|no|sender-refused
450|4.7.8|mail|log in first|deferred|us|no|sender-not-authenticated
451|4.3.0|mail|try later|deferred|remote|no|remote
550|5.1.1|rcpt|no|bounced|address|yes|address-invalid
550|5.1.2|rcpt|no|bounced|address|yes|address-invalid
553|5.1.3|rcpt|no|bounced|address|yes|address-invalid
551|5.1.6|rcpt|moved|bounced|address|yes|address-invalid
550|5.1.10|end_of_data|no|bounced|address|yes|address-invalid
550|4.1.1|rcpt|basic decides retry, enhanced the reason|bounced|address|yes|address-invalid
556|5.1.10|rcpt|null MX|bounced|address|yes|domain-takes-no-mail
554|5.1.1|rcpt|no|bounced|address|no|address-invalid-odd-code
450|4.1.1|rcpt|unverified|deferred|address|no|address-unclear
450|5.1.1|rcpt|basic decides retry|deferred|address|no|address-unclear
550|5.2.1|rcpt|The account is disabled|bounced|address|yes|mailbox-disabled
554|5.2.1|rcpt|mailbox no longer in use|bounced|address|yes|mailbox-disabled
550|5.2.1|rcpt|not now|bounced|address|no|mailbox-disabled-unclear
552|5.2.2|rcpt|mailbox full|bounced|mailbox|no|mailbox-full
452|4.2.2|rcpt|over quota|deferred|mailbox|no|mailbox-full
550|5.7.1|rcpt|user unknown|bounced|us|no|policy
550|5.7.515|end_of_data|access denied, not authenticated|bounced|us|no|policy
550|5.7.26|end_of_data|unauthenticated mail|bounced|us|no|policy
451|4.7.26|end_of_data|unauthenticated mail|deferred|us|no|policy-for-now
554|5.7.1|rcpt|blocked using a block list|bounced|us|no|policy
550||rcpt|blocked: see https://list.example; user unknown|bounced|us|no|policy-by-text
554||end_of_data|looks like spam|bounced|us|no|policy-by-text
550||rcpt|sender address does not exist|bounced|us|no|policy-by-text
550|5.1.8|rcpt|bad sender|bounced|us|no|our-sender-address
450|4.1.8|rcpt|sender domain not found|deferred|us|no|our-sender-address
421|4.7.0|mail|[TSS04] Messages temporarily deferred|deferred|rate|no|rate-limited
450|4.7.1|rcpt|too many messages|deferred|rate|no|rate-limited
451||data|rate limit exceeded|deferred|rate|no|rate-limited
421|4.7.28|end_of_data|our system has detected|deferred|rate|no|rate-limited-by-code
451|4.7.1|rcpt|Greylisted, come back|deferred|remote|no|greylisted
450||rcpt|you are graylisted|deferred|remote|no|greylisted
552|5.3.4|end_of_data|too big|failed|content|no|size
552||end_of_data|message exceeds fixed size, too large|failed|content|no|size-by-text
554|5.6.0|end_of_data|bad MIME|failed|content|no|content
552||rcpt|no more room|bounced|mailbox|no|mailbox-full-no-detail
550||rcpt|mailbox is full|bounced|mailbox|no|mailbox-full-by-text
550||rcpt|user unknown|bounced|address|yes|unknown-user-by-text
550|5.0.0|rcpt|<x@y>: no such user here|bounced|address|yes|unknown-user-by-text
550|5.1.0|rcpt|address does not exist|bounced|address|yes|unknown-user-by-text
550||end_of_data|user unknown|bounced|remote|no|remote
554||rcpt|user unknown|bounced|remote|no|remote
450||rcpt|user unknown|deferred|remote|no|remote
550||rcpt|this account is disabled|bounced|address|no|mailbox-disabled-by-text
503||data|need RCPT|failed|us|no|protocol
554|5.5.1|data|no valid recipients|failed|us|no|protocol
554||end_of_data|transaction failed|bounced|remote|no|remote
550|5.4.1|rcpt|recipient address rejected: access denied|bounced|remote|no|remote
354||end_of_data|unexpected|deferred|remote|no|remote
""".strip()

ROWS = list(csv.reader(TABLE.splitlines(), delimiter="|"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:3]) + "-" + row[7])
def test_every_reply_has_its_verdict(row: list[str]) -> None:
    code, enhanced, phase, text, state, about, suppress, rule = row
    found = verdict(int(code), enhanced or None, Phase(phase), text)
    assert (found.message_state, found.about, found.suppress, found.rule) == (
        state, about, suppress == "yes", rule,
    )  # fmt: skip


def test_no_row_of_the_table_is_untested() -> None:
    assert {rule.name for rule in RULES} == {row[7] for row in ROWS} - {"accepted"}


@pytest.mark.parametrize("phase", [p for p in Phase if p not in (R, D, E, Phase.QUIT)])
def test_nobody_bounces_before_a_recipient_was_named(phase: Phase) -> None:
    found = verdict(550, "5.7.1", phase, "go away")
    assert (found.message_state, found.suppress, found.stops_route) == ("deferred", False, True)


@pytest.mark.parametrize("phase", [R, D, E])
def test_a_refusal_of_one_recipient_does_not_stop_the_route(phase: Phase) -> None:
    assert not verdict(550, "5.7.1", phase, "go away").stops_route


any_reply = st.tuples(
    st.integers(200, 599),
    st.none() | st.from_regex(r"[245]\.[0-7]\.[0-9]{1,3}", fullmatch=True),
    st.sampled_from(Phase),
    st.text(max_size=60) | st.sampled_from([row[3] for row in ROWS]),
)


@given(any_reply)
def test_every_possible_reply_has_a_verdict(reply: tuple[int, str | None, Phase, str]) -> None:
    found = verdict(*reply)
    assert found.about in get_args(About)
    assert (found.message_state == "sent") == (reply[0] < 300)


@given(any_reply)
def test_only_a_final_reply_about_the_address_suppresses(
    reply: tuple[int, str | None, Phase, str],
) -> None:
    code, enhanced, phase, _ = reply
    found = verdict(*reply)
    if found.suppress:
        assert found.about == "address"
        assert found.message_state == "bounced"
        assert code >= 500
        assert phase in (R, D, E, Phase.QUIT)
        assert not (enhanced or "").startswith(("4.7.", "5.7.", "2.7."))


@given(any_reply)
def test_the_basic_code_alone_decides_about_another_try(
    reply: tuple[int, str | None, Phase, str],
) -> None:
    code, _, _, _ = reply
    found = verdict(*reply)
    if 400 <= code < 500:
        assert found.message_state == "deferred"
    if code >= 500 and not found.stops_route:
        assert found.message_state in ("bounced", "failed")


def test_a_drop_after_the_final_dot_blames_nobody() -> None:
    assert unknown_outcome() == Verdict(
        "deferred", suppress=False, about="remote", rule="unknown-after-final-dot"
    )
