"""Ending what a member is signed in with, wherever it is (SEC-13)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import access_tokens, sessions
from mailwright.services.runtime import Runtime
from mailwright.store.rows import Row


async def end_sign_ins(
    runtime: Runtime, connection: AsyncConnection, member: Row, *, keep: str | None = None
) -> None:
    """Ends the member's sessions and tokens; `keep`: the cookie or token that goes on."""
    tenant_id, member_id = member["tenant_id"], member["id"]
    await sessions.end_sessions(runtime, connection, tenant_id, member_id, keep=keep)
    await access_tokens.end_tokens(runtime, connection, tenant_id, member_id, keep=keep)
