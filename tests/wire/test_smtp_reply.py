from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.wire.smtp_reply import (
    Accepted,
    Deferred,
    MalformedReply,
    Phase,
    Refused,
    Reply,
    ReplyParser,
    outcome_of,
)

STREAM = (
    b"220 relay.example ESMTP\r\n"
    b"250-relay.example\r\n250-SIZE 1000\r\n250 PIPELINING\r\n"
    b"550-5.1.1 No such user.\r\n550 5.1.1 See https://relay.example/help\r\n"
    b"250\r\n"
    b"354\tgo\n"
    b"451 4.7.1 Gr\xc3\xbc\xc3\x9fe \xff \x00\r\n"
)
REPLIES = [
    Reply(220, None, ("relay.example ESMTP",)),
    Reply(250, None, ("relay.example", "SIZE 1000", "PIPELINING")),
    Reply(550, "5.1.1", ("5.1.1 No such user.", "5.1.1 See https://relay.example/help")),
    Reply(250, None, ("",)),
    Reply(354, None, ("go",)),
    Reply(451, "4.7.1", ("4.7.1 Gr\u00fc\u00dfe \\xff \\x00",)),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_replies_are_whole_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    parser = ReplyParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    replies = [reply for start, end in pairwise(edges) for reply in parser.feed(STREAM[start:end])]
    assert replies == REPLIES
    assert parser.is_between_replies


@pytest.mark.parametrize(
    ("line", "enhanced"),
    [
        ("5.1.1 unknown", "5.1.1"),
        ("5.7.515 denied", "5.7.515"),
        ("#5.1.0 Address rejected", "5.1.0"),
        ("5.1.1", "5.1.1"),
        ("5.1.1: no", "5.1.1"),
        ("5.1.1.1 is no code", None),
        ("1.1.1 is no code", None),
        ("3.1.1 is no code", None),
        ("relay 5.1.1", None),
        ("", None),
    ],
)
def test_the_enhanced_code_is_read_when_there_is_one(line: str, enhanced: str | None) -> None:
    assert Reply.of(550, line).enhanced == enhanced


def test_the_enhanced_code_may_stand_on_a_later_line() -> None:
    assert Reply.of(550, "Sorry.", "5.2.1 closed").enhanced == "5.2.1"


def test_the_last_code_of_a_confused_server_counts() -> None:
    assert list(ReplyParser().feed(b"250-well\r\n550 no\r\n")) == [Reply(550, None, ("well", "no"))]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"25\r\n",
        b"2500 ok\r\n",
        b"150 no such class\r\n",
        b"\xb2\xb3\xb9 ok\r\n",
        b"250-x\r\n" * 300,
        b"2" * 10_000,
        b"250 " + b"x" * 10_000 + b"\r\n",
    ],
)
def test_what_is_not_smtp_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedReply):
        list(ReplyParser().feed(data))


def test_a_reply_keeps_every_word() -> None:
    assert str(REPLIES[2]) == ("550-5.1.1 No such user.\n550 5.1.1 See https://relay.example/help")
    assert list(ReplyParser().feed(REPLIES[2].encode())) == [REPLIES[2]]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(250, Accepted), (251, Accepted), (354, Deferred), (421, Deferred), (599, Refused)],
)
def test_the_class_of_the_code_decides_the_outcome(code: int, kind: type) -> None:
    assert type(outcome_of(Reply.of(code, "x"), Phase.RCPT)) is kind


def test_an_outcome_knows_its_verdict() -> None:
    assert Refused(Reply.of(550, "5.1.1 no"), Phase.RCPT).verdict().suppress
    assert Deferred(Reply.of(450, "4.2.2 full"), Phase.RCPT).verdict().about == "mailbox"
