"""Files beside a mail: checked when they are given, and put around the finished message."""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from mailwright.errors import InvalidInput

ATTACHMENTS_MAX = 20
BYTES_MAX = 7_000_000  # together; in base64 that is what a body of 10 MB can carry
NAME_LENGTH_MAX = 120

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._+-]{1,80}(?:@[A-Za-z0-9.-]{1,80})?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._ ()+-]{1,60}")
_PIECE_CHARACTERS = 60  # of a line of at most 78
#: Programs: no server on the way takes them, and people should not open them.
_REFUSED = frozenset(
    {
        *("ade", "adp", "apk", "app", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "dll"),
        *("dmg", "exe", "hta", "ins", "iso", "isp", "jar", "js", "jse", "lib", "lnk", "mde"),
        *("msc", "msi", "msix", "msp", "mst", "nsh", "pif", "ps1", "reg", "scr", "sct", "shb"),
        *("sys", "vb", "vbe", "vbs", "vxd", "wsc", "wsf", "wsh"),
    }
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. With a `content_id` it is a picture of the HTML, shown at `cid:…`."""

    name: str
    content_type: str
    body: bytes
    content_id: str | None = None


def check_attachments(given: Sequence[Attachment]) -> None:
    """Raises InvalidInput for `attachments`: too many or large, a bad name or type, a program."""
    if len(given) > ATTACHMENTS_MAX:
        raise InvalidInput.field("attachments", f"At most {ATTACHMENTS_MAX} files.")
    if sum(len(each.body) for each in given) > BYTES_MAX:
        raise InvalidInput.field("attachments", f"At most {BYTES_MAX // 1_000_000} MB together.")
    for each in given:
        _check(each)


def _check(attachment: Attachment) -> None:
    name = attachment.name
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable() or set(name) & set('/\\"'):
        raise InvalidInput.field(
            "attachments", f"A name is 1 to {NAME_LENGTH_MAX} characters without / \\ or quotes."
        )
    if name.rpartition(".")[2].strip(" .").lower() in _REFUSED or name.endswith((".", " ")):
        raise InvalidInput.field("attachments", f"{name} looks like a program; no server takes it.")
    if not _TYPE.fullmatch(attachment.content_type):
        raise InvalidInput.field("attachments", "A content type looks like application/pdf.")
    if attachment.content_type.lower().startswith(("multipart/", "message/")):
        raise InvalidInput.field("attachments", "A file is no message.")
    if attachment.content_id is not None and not _CONTENT_ID.fullmatch(attachment.content_id):
        raise InvalidInput.field("attachments", "A content id is letters, digits and . _ + - only.")


def with_attachments(raw: bytes, attachments: Sequence[Attachment], *, boundary: str) -> bytes:
    """The message of `mime.assembled` with the files after it, pictures beside its HTML.

    `boundary` begins with `=_` and is not the message's own. Signing comes after.
    """
    if not attachments:
        return raw
    for each in attachments:  # once more where it is written (SEC-04)
        _check(each)
    pictures = [each for each in attachments if each.content_id is not None]
    files = [each for each in attachments if each.content_id is None]
    for kind, parts, mark in (
        ("related", pictures, f"{boundary}r"),
        ("mixed", files, f"{boundary}m"),
    ):
        if parts:
            raw = _wrapped(raw, kind, parts, mark)
    return raw


def _wrapped(raw: bytes, kind: str, parts: Sequence[Attachment], boundary: str) -> bytes:
    head, mime, content = raw.partition(b"\r\nMIME-Version: 1.0\r\n")  # no header folds like that
    assert mime
    mark = boundary.encode("ascii")
    opening = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
    body = b"".join(b"\r\n--" + mark + b"\r\n" + _part(each) for each in parts)
    return head + mime + opening.encode("ascii") + content + body + b"\r\n--" + mark + b"--\r\n"


def _part(attachment: Attachment) -> bytes:
    place = "inline" if attachment.content_id else "attachment"
    lines = [
        f"Content-Type: {attachment.content_type}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {place};\r\n {_file_name(attachment.name)}",
    ]
    if attachment.content_id is not None:
        lines.append(f"Content-ID: <{attachment.content_id}>")
    head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
    return head + encodebytes(attachment.body).rstrip(b"\n").replace(b"\n", b"\r\n")


def _file_name(name: str) -> str:
    """The parameter, in pieces as RFC 2231 section 3 has them where the name is not plain."""
    if _PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    pieces = ["utf-8''"]
    for char in name:
        escaped = quote(char, safe="")
        if len(pieces[-1]) + len(escaped) > _PIECE_CHARACTERS:
            pieces.append("")
        pieces[-1] += escaped
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))
