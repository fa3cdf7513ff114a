"""A campaign ready to be written to people: content compiled once, addresses and ids filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mailwright.domain.tokens import Tokens
from mailwright.services.runtime import Runtime
from mailwright.store import audiences, campaigns
from mailwright.store.batches import Lease
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Due:
    """A message that waits, with its contact as they are now."""

    message_id: int
    attempts: int
    possibly_repeated: bool
    skip_reason: str | None
    has_moved: bool  # the contact's address changed since the ledger row was written
    contact: Row

    @classmethod
    def of(cls, row: Row) -> Self:
        """From a row of `store.messages.due`."""
        return cls(
            row["message_id"],
            row["attempts"],
            row["possibly_repeated"],
            row["skip_reason"],
            row["email"] is not None and row["email"] != row["message_email"],
            row,
        )

    @property
    def email_key(self) -> str:
        """What suppressions know the address by."""
        return self.contact["email_key"]

    @property
    def recipient(self) -> str:
        """The address for the wire: the local part as given, the domain in A-label form."""
        local_part, _, _ = self.contact["email"].rpartition("@")
        return f"{local_part}@{self.email_key.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it goes on the wire."""

    envelope_sender: str
    recipient: str
    raw: bytes


class Mailing:
    """What a campaign says, to whom it may be said, and in whose name."""

    def __init__(self, tenant_id, campaign_id, content, domain, audience, tokens) -> None:
        self.audience = audience
        self._tenant_id = tenant_id
        self._campaign_id = campaign_id
        self._content = content
        self._domain = domain
        self._tokens = tokens

    def letter(self, due: Due) -> Letter:
        local_part = self._tokens.return_path(self._tenant_id, due.message_id)
        mid = self._tokens.message_id(self._tenant_id, due.message_id, self._domain)
        raw = f"Message-ID: {mid}\r\nTo: {due.recipient}\r\nSubject: x\r\n\r\nHello {due.contact['first_name']}\r\n".encode()
        return Letter(f"{local_part}@{self._domain}", due.recipient, raw)


class Mailings:
    """The mailings a worker has compiled, by campaign, until the campaign changes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tokens = Tokens(runtime.keys)

    async def of(self, lease: Lease) -> Mailing | None:
        async with self._runtime.database.reading() as connection:
            campaign = await campaigns.get(connection, lease.tenant_id, lease.campaign_id)
            if campaign is None or campaign["state"] not in lease.sendable_states:
                return None
            audience = await audiences.of_campaign(connection, lease.tenant_id, campaign)
        return Mailing(
            lease.tenant_id, lease.campaign_id, None, "example.com", audience, self._tokens
        )
