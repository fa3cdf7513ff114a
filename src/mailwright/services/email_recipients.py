"""Whether a single mail may go to its recipient, and which contact that is."""

from __future__ import annotations

from collections.abc import Collection

from mailwright.domain.email_stream import Stream
from mailwright.domain.ids import new_id
from mailwright.errors import InvalidInput
from mailwright.services.caller import Caller
from mailwright.services.email_fields import CheckedEmail
from mailwright.store import email_recipients as store
from mailwright.store.database import Connection
from mailwright.store.rows import Row

#: Whose suppressions stop which stream (OUT-18).
SCOPES = {Stream.TRANSACTIONAL: ("all",), Stream.MARKETING: ("all", "marketing")}


def check_recipient(checked: CheckedEmail, found: Row) -> None:
    """Raises InvalidInput RECIPIENT_SUPPRESSED or, for marketing, RECIPIENT_UNSUBSCRIBED."""
    stream = checked.asked.stream
    reason = suppressed_as(stream, found["suppressed"] or ())
    if reason is not None:
        raise _refused("RECIPIENT_SUPPRESSED", f"This address is suppressed ({reason}).")
    if stream is not Stream.MARKETING:
        return
    if found["contact_id"] is None and found["list_id"] is None:
        why = "Marketing mail goes to contacts; name a list that this address joins."
        raise _refused("RECIPIENT_UNSUBSCRIBED", why)
    if found["consent"] not in {None, "subscribed"}:
        raise _refused("RECIPIENT_UNSUBSCRIBED", f"This contact is {found['consent']}.")
    if found["list_state"] == "unsubscribed":
        raise _refused("RECIPIENT_UNSUBSCRIBED", "This contact has left the list.")


def suppressed_as(stream: Stream, suppressions: Collection[str]) -> str | None:
    """The reason of the first of these (`scope reason`) that stops the stream."""
    for scope, _, reason in (each.partition(" ") for each in suppressions):
        if scope in SCOPES[stream]:
            return reason
    return None


async def contact_id(
    connection: Connection, caller: Caller, checked: CheckedEmail, found: Row
) -> int | None:
    """The recipient's contact, if there is one; marketing to a list makes and joins it.

    A transactional mail signs nobody up: that is not what its recipient asked for.
    """
    if checked.asked.stream is not Stream.MARKETING or found["list_id"] is None:
        return found["contact_id"]
    if found["contact_id"] is not None and found["list_state"] is not None:
        return found["contact_id"]
    joined = None
    while joined is None:  # once more when somebody else made the contact a moment ago
        joined = await store.join(
            connection,
            caller.tenant_id,
            found["list_id"],
            uuid=new_id(),
            email=checked.to.text,
            email_key=checked.to.key,
            source=f"{caller.door.value} single mail",
            actor=caller.actor,
            door=caller.door.value,
        )
    return joined


def _refused(code: str, why: str) -> InvalidInput:
    return InvalidInput(why, code=code, details={"to": [why]})
