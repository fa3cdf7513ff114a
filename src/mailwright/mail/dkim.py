"""DKIM signatures (RFC 6376): RSA-2048 with SHA-256, relaxed/relaxed, the key parsed once.

Bodies made by mail/mime.py are their own canonical form already, so that a mail costs one hash and
one signature. Any other body is brought into it. Lines end with CRLF; that is the wire's business.

A header that is over-signed is named in `h=` once more than it occurs (section 5.4.2): a second
From, put in on the way, breaks the signature, and so does a Reply-To where there was none.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import cast

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_BITS = 2048  # section 3.2 of RFC 8301: at least 1024, and 2048 should be used

#: In the order of `h=`; True: over-signed. Trace headers and what relays add are left out.
_SIGNED: dict[bytes, bool] = {
    b"From": True,
    b"To": True,
    b"Cc": True,
    b"Subject": True,
    b"Date": True,
    b"Reply-To": True,
    b"Message-ID": True,
    b"In-Reply-To": False,
    b"References": False,
    b"MIME-Version": True,
    b"Content-Type": True,
    b"Content-Transfer-Encoding": True,
    b"List-Id": False,
    b"List-Unsubscribe": True,
    b"List-Unsubscribe-Post": True,
    b"Feedback-ID": True,
}
_ORDER = tuple((name, name.lower(), again) for name, again in _SIGNED.items())

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*(?:\r\n[ \t].*)*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
_TWO_SPACES = re.compile(rb"  ").search  # twice as fast as `in`
_SPACE_AT_END = re.compile(rb" \r").search

_LINE_CHARACTERS = 76
_PADDING = PKCS1v15()
_HASH = SHA256()


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A new pair: `private` as PEM, `public` as it stands behind `p=` in the record."""

    private: str
    public: str

    @classmethod
    def generate(cls) -> DkimKey:
        """Takes up to a second of one core: call it in a thread."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(private.decode(), b64encode(public).decode())


class DkimSigner:
    """Signs for one domain with one key."""

    def __init__(self, domain: str, selector: str, private_key: str) -> None:
        """`private_key`: PEM, one of ours, so that its arithmetic need not be checked again."""
        self.domain = domain
        self.selector = selector
        loaded = load_pem_private_key(
            private_key.encode(), None, unsafe_skip_rsa_key_validation=True
        )
        self._sign = cast("rsa.RSAPrivateKey", loaded).sign
        head = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain};\r\n s={selector}; t="
        self._head = head.encode("ascii")

    def signed(self, raw: bytes, at: datetime) -> bytes:
        """The mail with its signature as the first header."""
        return self.signature(raw, at) + raw

    def signature(self, raw: bytes, at: datetime) -> bytes:
        """The DKIM-Signature header of this mail, folded, with its CRLF."""
        head, _, body = raw.partition(b"\r\n\r\n")
        names, canonical = _signed_fields(head + b"\r\n")
        value = b"%b%d;\r\n%b;\r\n bh=%b;\r\n b=" % (
            self._head,
            int(at.timestamp()),
            _names_line(names),
            b64encode(sha256(canonical_body(body)).digest()),
        )
        # Section 3.7: the header itself comes last, with an empty b=, without its CRLF.
        canonical.append(b"dkim-signature:" + value.replace(b"\r\n ", b" "))
        signature = b64encode(self._sign(b"\r\n".join(canonical), _PADDING, _HASH))
        return b"DKIM-Signature: %b%b\r\n" % (value, _folded(signature))


def canonical_body(body: bytes) -> bytes:
    """The body in relaxed form (section 3.4.4)."""
    if b"\t" in body or _TWO_SPACES(body) or _SPACE_AT_END(body) or body.endswith(b" "):
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n") and body != b"\r\n":
        return body  # the common case
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n" if body else b""


def _signed_fields(head: bytes) -> tuple[tuple[bytes, ...], list[bytes]]:
    """The names for `h=`, and the fields in relaxed form (section 3.4.2), in that order.

    Of several of one name the last is signed first (section 5.4.2).
    """
    fields: dict[bytes, list[bytes]] = {}
    for name, value in cast("list[tuple[bytes, bytes]]", _FIELD.findall(head)):
        fields.setdefault(name.lower(), []).append(value)
    names: list[bytes] = []
    canonical: list[bytes] = []
    for name, key, again in _ORDER:
        values = fields.get(key, ())
        names += [name] * (len(values) + again)
        canonical += [b"%b:%b" % (key, _relaxed(value)) for value in reversed(values)]
    return tuple(names), canonical


def _relaxed(value: bytes) -> bytes:
    if b"\r\n" in value or b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value.replace(b"\r\n", b""))
    return value.strip(b" ")


@lru_cache(maxsize=256)
def _names_line(names: Sequence[bytes]) -> bytes:
    """` h=…`, folded after colons; mails of one kind share it."""
    lines: list[bytes] = []
    line = b" h="
    for name in names:
        if len(line) + len(name) >= _LINE_CHARACTERS:
            lines.append(line)
            line = b" "
        line += name + b":"
    lines.append(line.removesuffix(b":"))
    return b"\r\n".join(lines)


def _folded(signature: bytes) -> bytes:
    """Base64 in lines; blanks in it do not count (section 3.5)."""
    width = _LINE_CHARACTERS - 1
    parts = [signature[at : at + width] for at in range(0, len(signature), width)]
    return b"\r\n ".join(parts)
