"""Mails that arrived, read for display: forgiving, never trusting."""

from __future__ import annotations

import pytest

from mailwright.mail.received import decode, glance, html_with_inline_images, read_mail

LETTER = (
    b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.com>\r\n"
    b"To: Ada <ada@example.com>\r\n"
    b"Subject: =?utf-8?b?R3LDvMOfZQ==?= from\r\n =?utf-8?q?_here?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
    b"--m\r\n"
    b'Content-Type: multipart/alternative; boundary="a"\r\n\r\n'
    b"--a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Gr=FC=DFe  and\r\n more\r\n"
    b"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p><a href="https://example.com/a">a</a> <a href="https://example.com/a">b</a>'
    b'<img src="cid:pic@x"></p>\r\n--a--\r\n'
    b"--m\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    b"--m\r\nContent-Type: application/pdf\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''R%C3%A9sum%C3%A9.pdf\r\n\r\n"
    b"%PDF-1.7\r\n--m--\r\n"
)


def test_a_glance_tells_who_to_whom_and_what() -> None:
    seen = glance(LETTER)
    assert seen.from_header == "Zoë <zoe@example.com>"
    assert seen.to_header == "Ada <ada@example.com>"
    assert seen.subject == "Grüße from here"
    assert seen.snippet == "Grüße and more"


def test_a_mail_without_text_is_glanced_at_by_its_html() -> None:
    seen = glance(b"Subject: x\nContent-Type: text/html\n\n<style>p{}</style><p>Hello <b>you</b>")
    assert seen.snippet == "Hello you"


def test_all_of_it_comes_apart() -> None:
    mail = read_mail(LETTER)
    assert mail.headers[2] == ("Subject", "Grüße from here")
    assert mail.text == "Grüße  and\n more"
    assert mail.links == ("https://example.com/a",)
    names = [(part.name, part.content_type, part.content_id) for part in mail.attachments]
    assert names == [("unnamed", "image/png", "pic@x"), ("Résumé.pdf", "application/pdf", None)]
    assert mail.attachments[1].size_bytes == len("%PDF-1.7")


def test_pictures_inside_need_no_request() -> None:
    html = html_with_inline_images(LETTER)
    assert html is not None
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in html


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"not a mail at all",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\nx",
        b"Subject: =?nonsense?q?=FF?=\r\n\r\nx",
        b"Subject: \xff\xfe raw\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff",
        b"Content-Type: text/plain; charset*=utf-8'en'%FF\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody",
        b"Content-Disposition: attachment; filename*0*=x''%; filename*1=..\r\n\r\nx",
        b"From: " + b"=?utf-8?q?" + b"x" * 5000 + b"?=\r\n\r\n",
    ],
)
def test_nothing_in_a_mail_makes_reading_it_fail(raw: bytes) -> None:
    seen, mail = glance(raw), read_mail(raw)
    for text in (seen.subject, seen.snippet, mail.text or "", *(v for _, v in mail.headers)):
        text.encode()
        assert "\0" not in text


@pytest.mark.checklist("SEC-04")
def test_an_encoded_newline_stays_in_its_line() -> None:
    assert decode("=?utf-8?q?a=0D=0ABcc:_b?=") == "a Bcc: b"


def test_a_mail_of_ten_thousand_parts_is_cut() -> None:
    part = b"--m\r\nContent-Type: application/x\r\n\r\nx\r\n"
    raw = b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n' + part * 10_000 + b"--m--"
    assert len(read_mail(raw).attachments) == 500
