"""DKIM signatures, verified by dkimpy, which shares nothing with ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from mailwright.mail.dkim import DkimKey, DkimSigner, canonical_body
from mailwright.mail.mime import alternative

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = DkimKey.generate()
SIGNER = DkimSigner("harbour.example", "mw1", KEY.private)
HEAD = (
    b"Date: Fri, 01 May 2026 12:00:00 +0000\r\n"
    b"Message-ID: <a1@harbour.example>\r\n"
    b"From: Harbour Post <post@harbour.example>\r\n"
    b"Reply-To: desk@harbour.example\r\n"
    b"To: ana@example.org\r\n"
    b"Subject: Slow mornings\r\n"
    b"List-Unsubscribe: <https://links.harbour.example/u/abc>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"List-Id: News <n1.harbour.example>\r\n"
    b"Feedback-ID: c1:t1:campaign:mailwright\r\n"
)
MAIL = alternative(HEAD, "Hello.\n", "<p>Hello.</p>", boundary="=_0123")


def record(name: bytes, timeout: int = 5) -> bytes | None:
    """What DNS says under the selector, and nothing elsewhere."""
    if name.rstrip(b".") != b"mw1._domainkey.harbour.example":
        return None
    return f"v=DKIM1; k=rsa; p={KEY.public}".encode()


def verifies(raw: bytes) -> bool:
    return dkim.verify(raw, dnsfunc=record)  # pyright: ignore[reportUnknownMemberType]  # untyped


def tags(raw: bytes) -> dict[str, str]:
    header = str(message_from_bytes(raw)["DKIM-Signature"])
    parts = re.sub(r"\s+", "", header).split(";")
    return dict(part.split("=", 1) for part in parts)


@pytest.mark.checklist("OUT-07")
def test_a_signed_mail_verifies_and_says_what_receivers_ask_for() -> None:
    raw = SIGNER.signed(MAIL, AT)
    assert verifies(raw)
    found = tags(raw)
    assert (found["a"], found["c"]) == ("rsa-sha256", "relaxed/relaxed")
    assert (found["d"], found["s"], found["t"]) == ("harbour.example", "mw1", "1777636800")
    assert "l" not in found, "a body length would let anybody add to the mail"
    signed = found["h"].lower().split(":")
    for name in ("from", "to", "subject", "date"):
        assert signed.count(name) == 2, f"a second {name} must break the signature"
    assert {
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "feedback-id",
        "reply-to",
    } <= set(signed)


@pytest.mark.checklist("OUT-03")
def test_the_signature_is_folded_like_every_other_header() -> None:
    signature = SIGNER.signature(MAIL, AT)
    assert signature.endswith(b"\r\n")
    assert max(map(len, signature.split(b"\r\n"))) <= 78


@pytest.mark.checklist("OUT-07")
def test_keys_have_2048_bits() -> None:
    private = load_pem_private_key(KEY.private.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048


@pytest.mark.checklist("OUT-07")
@pytest.mark.parametrize(
    "added",
    [
        b"From: The CEO <ceo@bank.example>\r\n",
        b"To: everybody@example.org\r\n",
        b"Subject: You have won\r\n",
        b"Date: Sat, 02 May 2026 12:00:00 +0000\r\n",
        b"Cc: somebody@example.org\r\n",
        b"Reply-To: thief@bank.example\r\n",
        b"Content-Type: text/plain\r\n",
        b"List-Unsubscribe: <https://elsewhere.example/>\r\n",
    ],
)
def test_a_header_put_in_on_the_way_breaks_the_signature(added: bytes) -> None:
    signature, mail = SIGNER.signature(MAIL, AT), MAIL
    assert not verifies(added + signature + mail)
    assert not verifies(signature + mail.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1))


@pytest.mark.checklist("OUT-07")
def test_trace_headers_of_relays_leave_it_whole() -> None:
    received = b"Received: from a.example by b.example; Fri, 01 May 2026 12:00:01 +0000\r\n"
    assert verifies(received + b"X-Spam-Score: 0\r\n" + SIGNER.signed(MAIL, AT))


_BODY_BYTES = st.text(alphabet="aB=. \té€\r\n", max_size=60).map(
    lambda text: re.sub(r"\r\n?|\n", "\r\n", text).encode()
)
_VALUES = st.from_regex(r"\A[!-~]([ \t!-~]{0,20}(\r\n[ \t]{1,3}[!-~])?){0,3}\Z")


@pytest.mark.checklist("OUT-07")
@given(body=_BODY_BYTES)
def test_any_body_verifies(body: bytes) -> None:
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"  # as SMTP would have it
    assert verifies(SIGNER.signed(HEAD + b"\r\n" + body, AT))


@pytest.mark.checklist("OUT-07")
@given(subject=_VALUES, blank=st.sampled_from(["", " ", "\t ", " \t"]))
def test_any_header_verifies(subject: str, blank: str) -> None:
    head = HEAD.replace(b": Slow mornings", f":{blank}{subject}{blank}".encode())
    assert verifies(SIGNER.signed(head + b"\r\nHello.\r\n", AT))


@pytest.mark.checklist("OUT-07")
@given(at=st.integers(0, len(MAIL) - 1), bit=st.sampled_from([1, 2, 16]))
def test_a_changed_byte_of_what_is_read_breaks_it(at: int, bit: int) -> None:
    body_at = MAIL.index(b"\r\n\r\n") + 4
    at = max(at, body_at)
    changed = MAIL[:at] + bytes([MAIL[at] ^ bit]) + MAIL[at + 1 :]
    if canonical_body(changed[body_at:]) != canonical_body(MAIL[body_at:]):
        assert not verifies(SIGNER.signature(MAIL, AT) + changed)


def test_our_own_bodies_are_canonical_already() -> None:
    body = MAIL.partition(b"\r\n\r\n")[2]
    assert canonical_body(body) == body


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # RFC 6376 section 3.4.5
        (b"no end", b"no end\r\n"),
        (b"a \t", b"a\r\n"),
        (b"a\r\n \t\r\n", b"a\r\n"),
        (b" ", b""),
    ],
)
def test_bodies_in_relaxed_form(body: bytes, canonical: bytes) -> None:
    assert canonical_body(body) == canonical
