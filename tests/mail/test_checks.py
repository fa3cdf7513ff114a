"""The message check: a good mail passes, and each broken one fails its own rule and no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.mail.checks import RULES, check_message
from mailwright.mail.headers import (
    date_header,
    feedback_id,
    fold,
    fold_address,
    fold_structured,
    list_id,
)
from mailwright.mail.mime import alternative

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = "https://mail.example.com/u/b3BhcXVl"
TEXT = f"Hello Ada,\n\nnews.\n\nUnsubscribe: {PAGE}\n"
HTML = (
    '<p>Hello Ada, <a href="https://mail.example.com/c/abc">news</a></p>'
    f'<p><a href="{PAGE}">Unsubscribe</a></p>'
)
SINGLE_HEADERS = {
    "Date": date_header(NOW),
    "From": "Acme <news@example.com>",
    "To": "Ada <ada@example.net>",
    "Subject": "News",
    "Message-ID": "<0192f0.7@mail.example.com>",
}
BULK_HEADERS = {
    **SINGLE_HEADERS,
    "List-Id": list_id("News", "0192f0", "example.com"),
    "List-Unsubscribe": f"<{PAGE}>,\r\n <mailto:unsubscribe@example.com>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Feedback-ID": feedback_id("c7", "acme", "campaign", "mailwright"),
    "X-Campaign": "b3BhcXVlIQ",
    "DKIM-Signature": "v=1; h=From:List-Unsubscribe:List-Unsubscribe-Post; bh=x; b=y",
}


@dataclass(frozen=True)
class Sample:
    """A mail to be spoiled in one place."""

    headers: dict[str, str] = field(default_factory=lambda: dict(BULK_HEADERS))
    text: str = TEXT
    html: str | None = HTML
    bulk: bool = True
    more: bytes = b""

    @property
    def raw(self) -> bytes:
        head = b"".join(f"{name}: {value}\r\n".encode() for name, value in self.headers.items())
        body = alternative(b"X-A: a\r\n", self.text, self.html, boundary="=_1")
        return head + self.more + body.removeprefix(b"X-A: a\r\n")


GOOD = Sample()
SINGLE = Sample(headers=SINGLE_HEADERS, text="Your code", html="<p>Your code</p>", bulk=False)


def failed(raw: bytes, *, bulk: bool = True) -> set[str]:
    return {finding.id for finding in check_message(raw, bulk=bulk, now=NOW)}


def header(name: str, value: str | None) -> Sample:
    headers = {**BULK_HEADERS, name: value or ""}
    if value is None:
        del headers[name]
    return replace(GOOD, headers=headers)


def more(lines: bytes) -> Sample:
    return replace(GOOD, more=lines)


def link(href: str) -> Sample:
    return replace(GOOD, html=f'{HTML}<a href="{href}">x</a>')


SPOILED: list[tuple[str, Sample]] = [
    ("OUT-01", header("Date", None)),
    ("OUT-01", header("Date", "yesterday")),
    ("OUT-01", header("Date", "Fri, 01 May 2026 12:00:00 GMT")),
    ("OUT-01", header("Date", "Fri, 01 May 2026 12:00:00 -0000")),
    ("OUT-01", header("Date", date_header(NOW + timedelta(minutes=6)))),
    ("OUT-01", header("To", None)),
    ("OUT-01", header("Message-ID", None)),
    ("OUT-01", more(b"Subject: again\r\n")),
    ("OUT-01", more(b"MIME-Version: 1.0\r\n")),
    ("OUT-02", header("Message-ID", "<1@mailer01>")),
    ("OUT-02", header("Message-ID", "<1@app.internal>")),
    ("OUT-02", header("Message-ID", "<1@[10.0.0.7]>")),
    ("OUT-02", header("Message-ID", "1@example.com")),
    ("OUT-03", header("Subject", "word " * 20)),
    ("OUT-03", header("Subject", "x" * 1000)),
    ("OUT-03", header("Subject", "a\0b")),
    ("OUT-04", header("Subject", "Grüße")),
    ("OUT-04", header("Subject", "=?utf-8?q?=C3?=")),
    ("OUT-04", header("Subject", f"=?utf-8?q?{'a' * 80}?=")),
    ("OUT-04", header("From", "Acme <news@=?utf-8?q?b=C3=BCcher?=.example>")),
    ("OUT-10", header("List-Unsubscribe", None)),
    ("OUT-10", header("List-Unsubscribe", f"<{PAGE.replace('https', 'http')}>")),
    ("OUT-10", header("List-Unsubscribe", "<https://10.0.0.7/u/a>")),
    ("OUT-10", header("List-Unsubscribe", f"<{PAGE}>,\r\n <{PAGE}x>")),
    ("OUT-10", header("List-Unsubscribe", f"<{PAGE}>,\r\n <ftp://example.com>")),
    ("OUT-10", header("List-Unsubscribe", f"<{PAGE}?to=ada%40example.net>")),
    ("OUT-10", header("List-Unsubscribe-Post", None)),
    ("OUT-10", header("List-Unsubscribe-Post", "yes")),
    ("OUT-10", header("DKIM-Signature", "v=1; h=From:List-Unsubscribe; bh=x; b=y")),
    ("OUT-11", replace(GOOD, text="Hello")),
    ("OUT-11", replace(GOOD, text="Write to us to unsubscribe.")),
    ("OUT-11", replace(GOOD, html="<p>Hello</p>")),
    ("OUT-11", replace(GOOD, html=f'<p><a href="{PAGE}"></a></p>')),
    ("OUT-11", replace(GOOD, html=f'<p style="display: none"><a href="{PAGE}">Bye</a></p>')),
    ("OUT-12", header("List-Id", None)),
    ("OUT-12", header("List-Id", "News")),
    ("OUT-12", header("Precedence", "first-class")),
    ("OUT-12", header("Auto-Submitted", "auto-replied")),
    ("OUT-12", replace(SINGLE, headers={**SINGLE_HEADERS, "Precedence": "bulk"})),
    ("OUT-13", header("Feedback-ID", None)),
    ("OUT-13", header("Feedback-ID", "a:b:mailwright")),
    ("OUT-13", header("Feedback-ID", "a:b:c:mw")),
    ("OUT-13", header("Feedback-ID", "a:ada@example.net:c:mailwright")),
    ("OUT-13", more(b"Feedback-ID: a:b:c:mailwright\r\n")),
    ("OUT-14", replace(SINGLE, text=" \n")),
    ("OUT-14", replace(GOOD, html=HTML + "x" * 105_000)),
    ("OUT-15", header("Subject", "Hello {{ first_name }}")),
    ("OUT-15", replace(GOOD, text=TEXT + "{% if x %}")),
    ("OUT-15", replace(GOOD, html=HTML + "{{contact.email}}")),
    ("OUT-15", link("")),
    ("OUT-15", link("#")),
    ("OUT-15", link(" java\tscript:alert(1)")),
    ("OUT-15", link("http://10.1.2.3/")),
    ("OUT-15", link("https://[::1]:8025/")),
    ("OUT-15", link("http://localhost:8025/x")),
    ("OUT-15", link("http://intranet/x")),
    ("OUT-15", link("https://bit.ly/abc")),
    ("OUT-15", replace(GOOD, html=HTML + '<img src="http://192.168.1.1/a.png">')),
    ("OUT-15", replace(GOOD, text=TEXT + "http://127.0.0.1:8025/x")),
    ("OUT-16", header("X-Contact-Id", "4711")),
    ("OUT-16", header("X-Contact", "ada@example.net")),
    ("OUT-16", header("X-Contact", "0192f0aa-0000-7000-8000-00000000002a")),
    ("OUT-16", header("Received", "from app (10.0.0.7) by mail.example.com")),
    ("OUT-16", header("X-Originating-IP", "[203.0.113.9]")),
    ("OUT-16", header("Organization", "host 192.168.0.4")),
    ("OUT-16", header("Organization", "host fd00::1")),
    ("OUT-16", header("X-Source", "/var/spool/a")),
]  # fmt: skip


@pytest.mark.checklist(*RULES)
def test_a_good_mail_passes() -> None:
    assert check_message(GOOD.raw, bulk=True, now=NOW) == []
    assert check_message(SINGLE.raw, bulk=False, now=NOW) == []


@pytest.mark.checklist(*RULES)
@pytest.mark.parametrize(
    ("rule", "sample"), SPOILED, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(SPOILED)]
)
def test_a_spoiled_mail_fails_its_own_rule_only(rule: str, sample: Sample) -> None:
    assert failed(sample.raw, bulk=sample.bulk) == {rule}


def test_every_rule_has_a_mail_that_fails_it() -> None:
    assert {rule for rule, _ in SPOILED} == set(RULES)


@pytest.mark.checklist("OUT-03")
@pytest.mark.parametrize(
    ("good", "spoiled"),
    [
        (b"news.\r\n", b"news.\n"),
        (b"news.\r\n", b"news.\r"),
        (b"Subject: News\r\n", b"Subject: News\n"),
        (b"news.", b"news\0."),
        (b"news.", b"x" * 999),
    ],
)
def test_a_spoiled_line_is_found(good: bytes, spoiled: bytes) -> None:
    assert failed(GOOD.raw.replace(good, spoiled)) == {"OUT-03"}


@pytest.mark.checklist("OUT-14")
def test_html_without_a_text_part_is_found() -> None:
    raw = SINGLE.raw.replace(b"multipart/alternative", b"multipart/mixed")
    assert failed(raw, bulk=False) == {"OUT-14"}


@pytest.mark.checklist("OUT-10", "OUT-15")
def test_loopback_links_pass_where_they_are_allowed() -> None:
    page = "http://127.0.0.1:8025/u/b3BhcXVl"
    sample = replace(
        GOOD,
        headers={**BULK_HEADERS, "List-Unsubscribe": f"<{page}>"},
        text=f"Abmelden: {page}",
        html=f'<a href="{page}">Abmelden</a>',
    )
    assert check_message(sample.raw, bulk=True, now=NOW, allow_loopback=True) == []
    assert failed(sample.raw) == {"OUT-10", "OUT-15"}


@pytest.mark.checklist("OUT-11")
def test_a_link_to_unsubscribe_in_another_language_is_known_by_its_address() -> None:
    sample = replace(GOOD, text=f"Abmelden:\n{PAGE}", html=f'<a href="{PAGE}">Abmelden</a>')
    assert failed(sample.raw) == set()


@pytest.mark.checklist("OUT-03", "OUT-04")
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_what_our_headers_write_always_passes(text: str) -> None:
    words = "".join(char for char in text if char.isprintable() and char not in "{}\ufffd") or "a"
    head = (
        fold_structured("Date", date_header(NOW))
        + fold_address("From", words, "news@bücher.example")
        + fold_address("To", words, "ada@example.net")
        + fold("Subject", words)
        + fold_structured("Message-ID", "<1@mail.example.com>")
    )
    raw = alternative(head, "Your code", None, boundary="=_1")
    assert check_message(raw, bulk=False, now=NOW) == []


@given(st.binary(max_size=400))
def test_a_check_never_fails_itself(raw: bytes) -> None:
    for bulk in (True, False):
        assert check_message(raw, bulk=bulk, now=NOW)
        assert check_message(GOOD.raw[:200] + raw + GOOD.raw[200:], bulk=bulk) is not None
