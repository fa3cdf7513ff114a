"""The opaque tokens in every mail: open, click, unsubscribe, view, return path, Message-ID.

A token is `block | mac | tail`. The block is one or two AES-256 blocks that hide which row is meant
(no raw ids in mail: OUT-16, SEC-07); the mac is HMAC-SHA256 cut to ten bytes over block and tail,
with a key of its own per purpose (SEC-08); the tail of a click is the target URL itself, so that a
redirect needs no look-up and nobody can send people elsewhere (SEC-06). Tokens of mails never
expire: an unsubscribe link must work for as long as the mail is kept (CAN-SPAM 30 days, CASL 60).
One that confirms a sender does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mailwright.domain.keys import Keys, Purpose

_MAC_BYTES = 10  # 80 bits: nobody guesses one over HTTP, and links stay short
_RETURN_PATH_MAC_BYTES = 9  # with the block 25 bytes: 40 characters of base32, no padding
_ROW = struct.Struct(">IQHxx")  # tenant, message, link number, two zero bytes
_PERSON = struct.Struct(">QQ")  # contact, campaign
_SECOND = struct.Struct(">Q")  # of the Unix era


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Which ledger row a token is about; message 0 is a test or a preview."""

    tenant_id: int
    message_id: int
    link_number: int = 0  # of a return path: 1 where the mail is private


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a link of a message."""

    message: MessageRef
    url: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Who wants no more, and because of which message."""

    message: MessageRef
    contact_id: int
    campaign_id: int


@dataclass(frozen=True, slots=True)
class SenderRef:
    """Which sender is to be confirmed."""

    tenant_id: int
    sender_id: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who is asked whether they want a list; good until a time in Unix seconds."""

    tenant_id: int
    contact_id: int
    list_id: int
    until: int


@dataclass(frozen=True, slots=True)
class Download:
    """An export's file; good until a time in Unix seconds."""

    tenant_id: int
    export_id: int
    until: int


class _Purposed:
    """Seals and opens the tokens of one purpose."""

    def __init__(self, keys: Keys, purpose: Purpose) -> None:
        self._key = keys.key(purpose)
        # ECB over single blocks of ids is a plain pseudo-random permutation; the mac is separate.
        cipher = Cipher(algorithms.AES256(self._key), modes.ECB())  # noqa: S305
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def block(self, plain: bytes) -> bytes:
        return self._encrypt(plain)

    def mac(self, data: bytes, length: int = _MAC_BYTES) -> bytes:
        return hmac.digest(self._key, data, hashlib.sha256)[:length]

    def seal(self, plain: bytes, tail: bytes = b"") -> str:
        block = self._encrypt(plain)
        sealed = block + self.mac(block + tail) + tail
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, token: str, block_bytes: int = 16) -> tuple[bytes, bytes] | None:
        """The plain block and the tail, or None when the token is not ours."""
        sealed = _decode(token)
        if sealed is None or len(sealed) < block_bytes + _MAC_BYTES:
            return None
        block, rest = sealed[:block_bytes], sealed[block_bytes:]
        mac, tail = rest[:_MAC_BYTES], rest[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self.mac(block + tail)):
            return None
        return self._decrypt(block), tail

    def unblock_bare(self, block: bytes) -> bytes | None:
        return self._decrypt(block) if len(block) == 16 else None

    def unblock(self, block: bytes, mac: bytes) -> bytes | None:
        if not hmac.compare_digest(mac, self.mac(block, len(mac))):
            return None
        return self._decrypt(block)


class Tokens:
    """Makes and reads every token. Reading answers None for whatever does not verify."""

    def __init__(self, keys: Keys) -> None:
        self._open = _Purposed(keys, Purpose.OPEN)
        self._click = _Purposed(keys, Purpose.CLICK)
        self._unsubscribe = _Purposed(keys, Purpose.UNSUBSCRIBE)
        self._view = _Purposed(keys, Purpose.VIEW)
        self._confirm = _Purposed(keys, Purpose.CONFIRM)
        self._download = _Purposed(keys, Purpose.DOWNLOAD)
        self._return_path = _Purposed(keys, Purpose.RETURN_PATH)
        self._message_id = _Purposed(keys, Purpose.MESSAGE_ID)
        self._confirm_sender = _Purposed(keys, Purpose.CONFIRM_SENDER)

    def open(self, tenant_id: int, message_id: int) -> str:
        """For `/o/{token}`."""
        return self._open.seal(_ROW.pack(tenant_id, message_id, 0))

    def read_open(self, token: str) -> MessageRef | None:
        return _ref(self._open.open(token))

    def click(self, tenant_id: int, message_id: int, link_number: int, url: str) -> str:
        """For `/c/{token}`; the target is sealed in it."""
        return self._click.seal(_ROW.pack(tenant_id, message_id, link_number), url.encode())

    def read_click(self, token: str) -> Click | None:
        opened = self._click.open(token)
        ref = _ref(opened)
        if opened is None or ref is None:
            return None
        return Click(ref, opened[1].decode())

    def unsubscribe(
        self, tenant_id: int, message_id: int, *, contact_id: int, campaign_id: int
    ) -> str:
        """For `/u/{token}`."""
        row = _ROW.pack(tenant_id, message_id, 0)
        return self._unsubscribe.seal(row + _PERSON.pack(contact_id, campaign_id))

    def read_unsubscribe(self, token: str) -> Unsubscribe | None:
        opened = self._unsubscribe.open(token, block_bytes=32)
        if opened is None or opened[1]:
            return None
        tenant_id, message_id, _ = _ROW.unpack(opened[0][:16])
        contact_id, campaign_id = _PERSON.unpack(opened[0][16:])
        return Unsubscribe(MessageRef(tenant_id, message_id), contact_id, campaign_id)

    def view(self, tenant_id: int, message_id: int, *, campaign_id: int, contact_id: int) -> str:
        """For `/v/{token}`, the mail in a browser."""
        row = _ROW.pack(tenant_id, message_id, 0)
        return self._view.seal(row + _PERSON.pack(contact_id, campaign_id))

    def read_view(self, token: str) -> Unsubscribe | None:
        """Same shape as an unsubscribe token: message, contact, campaign."""
        opened = self._view.open(token, block_bytes=32)
        if opened is None or opened[1]:
            return None
        tenant_id, message_id, _ = _ROW.unpack(opened[0][:16])
        contact_id, campaign_id = _PERSON.unpack(opened[0][16:])
        return Unsubscribe(MessageRef(tenant_id, message_id), contact_id, campaign_id)

    def confirm(self, asked: Confirmation) -> str:
        """For `/j/{token}`, the link in a mail that asks for a confirmation."""
        row = _ROW.pack(asked.tenant_id, asked.contact_id, 0)
        return self._confirm.seal(row + _PERSON.pack(asked.list_id, asked.until))

    def read_confirm(self, token: str) -> Confirmation | None:
        """Whether it is still good is for the caller to say."""
        opened = self._confirm.open(token, block_bytes=32)
        if opened is None or opened[1]:
            return None
        tenant_id, contact_id, _ = _ROW.unpack(opened[0][:16])
        list_id, until = _PERSON.unpack(opened[0][16:])
        return Confirmation(tenant_id, contact_id, list_id, until)

    def download(self, file: Download) -> str:
        """For `/d/{token}`, the file of an export."""
        row = _ROW.pack(file.tenant_id, file.export_id, 0)
        return self._download.seal(row + _PERSON.pack(0, file.until))

    def read_download(self, token: str) -> Download | None:
        """Whether it is still good is for the caller to say."""
        opened = self._download.open(token, block_bytes=32)
        if opened is None or opened[1]:
            return None
        tenant_id, export_id, _ = _ROW.unpack(opened[0][:16])
        return Download(tenant_id, export_id, _PERSON.unpack(opened[0][16:])[1])

    def return_path(self, tenant_id: int, message_id: int, *, private: bool = False) -> str:
        """The local part of the envelope sender (VERP): 42 characters, case does not matter.

        `private`: the mail opens somebody's account, and the built-in inbox must know.
        """
        block = self._return_path.block(_ROW.pack(tenant_id, message_id, int(private)))
        sealed = block + self._return_path.mac(block, _RETURN_PATH_MAC_BYTES)
        return "b-" + base64.b32encode(sealed).decode().lower()

    def read_return_path(self, local_part: str) -> MessageRef | None:
        prefix, _, text = local_part.lower().partition("-")
        if prefix != "b" or len(text) != 40:
            return None
        try:
            sealed = base64.b32decode(text, casefold=True)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            return None
        plain = self._return_path.unblock(sealed[:16], sealed[16:])
        return None if plain is None else _ref((plain, b""))

    def message_id(self, tenant_id: int, message_id: int, domain: str) -> str:
        """`<…@domain>`, derived from the row: a repeated mail carries the same one."""
        block = self._message_id.block(_ROW.pack(tenant_id, message_id, 0))
        return f"<{block.hex()}@{domain}>"

    def read_message_id(self, message_id: str) -> MessageRef | None:
        """The row a Message-ID of ours was derived from.

        Another's may pass for one in a case in four thousand million, and then names a row that
        does not exist: it confirms what a sealed token says and proves nothing by itself.
        """
        text = message_id.strip("<> ").partition("@")[0]
        try:
            block = bytes.fromhex(text) if len(text) == 32 else b""
        except ValueError:
            return None
        plain = self._message_id.unblock_bare(block)
        return None if plain is None or any(plain[12:]) else _ref((plain, b""))

    def confirm_sender(self, tenant_id: int, sender_id: int, *, until: datetime) -> str:
        """For `/s/{token}`: whoever holds it reads the sender's mail. Good `until` then."""
        tail = _SECOND.pack(int(until.timestamp()))
        return self._confirm_sender.seal(_ROW.pack(tenant_id, sender_id, 0), tail)

    def read_confirm_sender(self, token: str, now: datetime) -> SenderRef | None:
        opened = self._confirm_sender.open(token)
        if opened is None or len(opened[1]) != _SECOND.size:
            return None
        if _SECOND.unpack(opened[1])[0] < now.timestamp():
            return None
        tenant_id, sender_id, _ = _ROW.unpack(opened[0])
        return SenderRef(tenant_id, sender_id)


def _ref(opened: tuple[bytes, bytes] | None) -> MessageRef | None:
    if opened is None:
        return None
    tenant_id, message_id, link_number = _ROW.unpack(opened[0])
    return MessageRef(tenant_id, message_id, link_number)


def _decode(token: str) -> bytes | None:
    """Strictly: one spelling per token, or flipping unused bits would make a second one."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
        return None
    return sealed
