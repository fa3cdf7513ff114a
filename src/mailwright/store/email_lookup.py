"""All that accepting a single mail must know about what it names, in one statement.

A call accepts hundreds a second, so the statement is made of the parts it needs, once for each
combination, and prepared by the driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast
from uuid import UUID

from mailwright.store.database import Connection
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Named:
    """What a mail names, by uuid or by number; None: nothing, and the default is meant."""

    email_key: str
    forgotten_key: str  # what would stand for the address, were its owner erased
    sender: UUID | int | None
    from_key: str | None  # the sender by their address
    project: UUID | int | None
    list: UUID | int | None


_DEFAULT_SENDER = """coalesce(project.sender_id, (
    SELECT id FROM senders WHERE tenant_id = $1 AND enabled ORDER BY id LIMIT 1))"""

_STATEMENT = """
SELECT project.id AS project_id, project.uuid AS project_uuid, project.smtp_url_sealed,
       sender.id AS sender_id, sender.uuid AS sender_uuid, sender.email AS sender_email,
       sender.email_key AS sender_key, sender.name AS sender_name,
       sender.reply_to AS sender_reply_to, sender.enabled AS sender_enabled,
       sender.confirmed_at AS sender_confirmed_at,
       (SELECT d.checks FROM domains d WHERE d.tenant_id = $1
        AND d.name = split_part(sender.email_key, '@', -1)) AS domain_checks,
       list.id AS list_id, list.uuid AS list_uuid, list.name AS list_name,
       contact.id AS contact_id, contact.uuid AS contact_uuid, contact.consent,
       contact.locale AS contact_locale,
       (SELECT m.state FROM list_members m WHERE m.tenant_id = $1 AND m.list_id = list.id
        AND m.contact_id = contact.id) AS list_state,
       (SELECT array_agg(s.scope || ' ' || s.reason) FROM suppressions s
        WHERE s.tenant_id = $1 AND s.email_key IN ($2, $3, '*@' || split_part($2, '@', -1),
                                                   split_part($2, '@', 1) || '@*')) AS suppressed
FROM (SELECT 1) AS one
LEFT JOIN projects project ON project.tenant_id = $1 AND {project}
LEFT JOIN senders sender ON sender.tenant_id = $1 AND sender.{sender}
LEFT JOIN lists list ON list.tenant_id = $1 AND list.{list}
LEFT JOIN contacts contact ON contact.tenant_id = $1 AND contact.email_key = $2
"""


async def look_up(connection: Connection, tenant_id: int, named: Named) -> Row:
    """The rows a mail names and its recipient's, null where there are none; `suppressed`: all of
    the address's suppressions, as `scope reason`."""
    statement = _statement(
        type(named.sender) if named.sender is not None else str if named.from_key else None,
        None if named.project is None else type(named.project),
        None if named.list is None else type(named.list),
    )
    given = [
        named.sender if named.sender is not None else named.from_key,
        named.project,
        named.list,
    ]
    values = [value for value in given if value is not None]
    row = await connection.fetchrow(
        statement, tenant_id, named.email_key, named.forgotten_key, *values
    )
    assert row is not None
    return cast("Row", cast("Mapping[str, object]", row))


@cache
def _statement(sender: type | None, project: type | None, wanted_list: type | None) -> str:
    number = 3

    def is_given(kind: type) -> str:
        nonlocal number
        number += 1
        column = "id" if kind is int else "email_key" if kind is str else "uuid"
        return f"{column} = ${number}"

    parts = {
        "sender": f"id = {_DEFAULT_SENDER}",
        "project": "project.is_default",
        "list": "id = NULL",
    }
    if sender is not None:
        parts["sender"] = is_given(sender)
    if project is not None:
        parts["project"] = f"project.{is_given(project)}"
    if wanted_list is not None:
        parts["list"] = is_given(wanted_list)
    return _STATEMENT.format(**parts)
