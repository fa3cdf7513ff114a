"""Reading what comes back: by structure, whatever it contains, in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailwright.domain.delivery_report import read_failure
from mailwright.mail.mime_parts import PARTS_MAX, read_parts
from mailwright.mail.returned import ReturnedMail, read_returned
from tests.returned_mails import auto_reply, complaint, dsn

SAMPLES = Path(__file__).parent / "samples"
SECONDS_MAX = 1.0  # for ten megabytes, on a machine that does other things too


def sample(name: str) -> ReturnedMail:
    return read_returned((SAMPLES / f"{name}.eml").read_bytes())


# name, then for each recipient: action, status, whether the address is dead, the rule
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lhost-amavis-01", [("failed", "5.1.1", True, "address-invalid")]),
        ("lhost-sendmail-03", [("failed", "5.1.1", True, "address-invalid")]),
        (
            "lhost-outlook-04",
            [
                ("failed", "5.1.1", True, "address-invalid"),
                ("failed", "5.2.2", False, "mailbox-full"),
            ],
        ),
        ("rhost-google-05", [("failed", "5.2.2", False, "mailbox-full")]),
        ("rhost-google-07", [("failed", "5.2.1", True, "mailbox-disabled")]),
        ("rhost-google-08", [("failed", "5.7.1", False, "policy")]),
        ("lhost-exchange2007-03", [("failed", "5.2.3", False, "remote")]),
        ("lhost-exim-49", [("failed", "5.0.0", False, "remote")]),
        ("lhost-opensmtpd-16", [("delayed", "4.4.7", False, "remote")]),
    ],
)
@pytest.mark.checklist("E27")
def test_notifications_of_real_servers_are_understood(
    name: str, expected: list[tuple[str, str, bool, str]]
) -> None:
    found = sample(name).dsn
    assert found is not None
    read = [
        (recipient, read_failure(recipient.status, recipient.diagnostic))
        for recipient in found.recipients
    ]
    assert [
        (recipient.action, failure.status, failure.is_hard, failure.verdict.rule)
        for recipient, failure in read
    ] == expected


def test_a_notification_is_read_whole() -> None:
    returned = "Message-ID: <m@x.example>\r\nSubject: a long\r\n subject"
    mail = read_returned(
        dsn("b-token@news.example", "ada@mx.example", original="ada@example.org", returned=returned)
    )
    assert mail.dsn is not None
    [recipient] = mail.dsn.recipients
    assert (recipient.final, recipient.original) == ("ada@mx.example", "ada@example.org")
    assert recipient.remote_mta == "mx.example.org"
    assert mail.dsn.reporting_mta == "relay.example.net"
    assert mail.recipients == ("b-token@news.example",)
    assert mail.message_id == "<m@x.example>"
    assert ("subject", "a long subject") in mail.dsn.returned


@pytest.mark.checklist("E28")
@pytest.mark.parametrize("name", ["arf-01", "arf-11"])
def test_complaints_of_real_providers_are_understood(name: str) -> None:
    mail = sample(name)
    assert mail.feedback is not None
    assert mail.feedback.kind == "abuse"
    assert mail.dsn is None


@pytest.mark.checklist("E28")
def test_a_complaint_is_read_for_our_tokens_and_needs_no_address() -> None:
    returned = (
        "Return-Path: <b-token@news.example>\r\n"
        "List-Unsubscribe: <https://news.example/u/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA>\r\n"
        "Message-ID: <m@x.example>\r\nTo: redacted"
    )
    mail = read_returned(complaint(returned, sender="b-other@news.example"))
    assert mail.senders == ("b-other@news.example", "b-token@news.example")
    assert mail.unsubscribe_tokens == ("A" * 32,)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-replied; vacation"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
    ],
)
def test_answering_machines_are_recognised(headers: dict[str, str]) -> None:
    assert read_returned(auto_reply("b-token@news.example", **headers)).is_automatic


def test_a_real_vacation_answer_is_recognised_and_letters_are_not() -> None:
    assert sample("rfc3834-01").is_automatic
    assert not read_returned(auto_reply("b@x.example", Auto_Submitted="no")).is_automatic
    assert not read_returned(auto_reply("b@x.example", X_Letter="yes")).is_automatic
    odd_bounce = b"From: MAILER-DAEMON@x.example\nAuto-Submitted: auto-replied\n\nIt failed.\n"
    assert not read_returned(odd_bounce).is_automatic


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("first", [b"", b"From MAILER-DAEMON Fri May 29 12:00:00 2026\n"])
def test_line_ends_and_the_pipes_first_line_make_no_difference(
    line_end: bytes, first: bytes
) -> None:
    raw = first + dsn("b-token@news.example", "ada@example.org").replace(b"\r\n", line_end)
    mail = read_returned(raw)
    assert mail.dsn is not None
    assert mail.dsn.recipients[0].status == "5.1.1"


@pytest.mark.parametrize(
    "change",
    [
        (b"report-type=delivery-status", b"report-type=DELIVERY-STATUS"),
        (b"multipart/report", b"multipart/mixed"),
        (b"Action: failed", b"Action: Failed (permanently)"),
        (b"message/delivery-status", b"message/global-delivery-status"),
        (b"--9D3A1C0B.1464537600/relay.example.net--", b""),
    ],
)
def test_small_departures_from_the_standard_are_taken(change: tuple[bytes, bytes]) -> None:
    mail = read_returned(dsn("b-token@news.example", "ada@example.org").replace(*change))
    assert mail.dsn is not None
    assert mail.dsn.recipients[0].action == "failed"


@pytest.mark.parametrize(
    "change",
    [
        (b"Action: failed", b"Action: exploded"),
        (b"Action: failed\r\n", b""),
        (b"message/delivery-status", b"text/plain"),
    ],
)
def test_what_is_no_notification_is_not_guessed_at(change: tuple[bytes, bytes]) -> None:
    assert read_returned(dsn("b@x.example", "ada@example.org").replace(*change)).dsn is None


# --- hostile mails

_MULTIPART = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n"


def _nested(levels: int) -> bytes:
    return b"".join(_MULTIPART % (b"b%d" % level) + b"--b%d\r\n" % level for level in range(levels))


HOSTILE = {
    "nested ten thousand deep": _nested(10_000),
    "the same boundary, nested": (_MULTIPART % b"x" + b"--x\r\n") * 10_000,
    "ten thousand parts": _MULTIPART % b"x" + b"--x\r\n\r\nhello\r\n" * 10_000,
    "a header of ten megabytes": b"Subject: " + b"x" * 10_000_000,
    "a million headers": b"A: b\r\n" * 1_000_000,
    "ten megabytes of folds": b"A:" + b"\r\n " * 3_000_000,
    "boundary lines with blanks": _MULTIPART % b"x" + (b"--x" + b" " * 1_000 + b"!\r\n") * 9_000,
    "a status of empty groups": dsn("b@x.example", "a@x.example").replace(
        b"Reporting-MTA", b"\r\n" * 4_000_000 + b"Reporting-MTA"
    ),
    "a status of a million recipients": dsn("b@x.example", "a@x.example").replace(
        b"Reporting-MTA", b"Final-Recipient: rfc822; a@x\r\nAction: failed\r\n\r\n" * 200_000
    ),
    "addresses without end": b"To: " + b"a@" * 5_000_000,
    "parameters without end": b"Content-Type: multipart/mixed" + b'; a="' * 2_000_000,
    "a diagnostic of digits": dsn("b@x", "a@x", diagnostic="5.1." * 200_000),
    "base64 that is none": dsn("b@x", "a@x").replace(
        b"Content-Description: Delivery report", b"Content-Transfer-Encoding: base64"
    ),
}


@pytest.mark.checklist("SEC-21", "SEC-20")
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mails_end_soon_and_quietly(raw: bytes) -> None:
    started = time.perf_counter()
    mail = read_returned(raw)
    for recipient in mail.dsn.recipients if mail.dsn else ():
        read_failure(recipient.status, recipient.diagnostic)
    assert time.perf_counter() - started < SECONDS_MAX


@pytest.mark.checklist("SEC-21")
def test_parts_and_depth_have_a_limit() -> None:
    assert len(read_parts(HOSTILE["ten thousand parts"]).parts) <= PARTS_MAX + 1
    assert len(list(read_parts(HOSTILE["nested ten thousand deep"]).walk())) <= 5


_PIECES = st.sampled_from(
    [
        *dsn("b-x@y.example", "a@y.example", returned="Message-ID: <a@b>").split(b"\r\n"),
        *complaint("Return-Path: <b-x@y.example>", sender="b-x@y.example").split(b"\r\n"),
        b"",
        b" folded",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: base64",
    ]
)


@pytest.mark.checklist("SEC-21")
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=40)), max_size=60))
@settings(max_examples=300, deadline=500)
def test_whatever_arrives_is_read_without_a_word(lines: list[bytes]) -> None:
    mail = read_returned(b"\r\n".join(lines))
    for recipient in mail.dsn.recipients if mail.dsn else ():
        read_failure(recipient.status, recipient.diagnostic)
    assert all("\0" not in value for value in (mail.message_id or "", *mail.recipients))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_without_a_word(raw: bytes) -> None:
    read_returned(raw)
