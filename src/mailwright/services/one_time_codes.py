"""One-time codes of a phone (TOTP, RFC 6238), and recovery codes for whoever has lost it.

Each works once: the time step of the last code taken is kept, and a recovery code is deleted with
its use.
"""

from __future__ import annotations

import hmac
import re
import secrets

from pyotp.totp import TOTP
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.keys import Purpose
from mailwright.services.runtime import Runtime
from mailwright.store import authenticators as store
from mailwright.store.rows import Row

RECOVERY_CODES = 10
STEPS_OF_GRACE = 1  # clocks differ: the code before and the code after count, too

_TOTP = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[0-9a-f]{12}")


async def active(connection: AsyncConnection, member: Row) -> list[Row]:
    """The authenticators of a member that codes are asked from."""
    rows = await store.of_member(connection, member["tenant_id"], member["id"])
    return [row for row in rows if row["activated_at"] is not None]


async def takes(runtime: Runtime, connection: AsyncConnection, member: Row, code: str) -> bool:
    """Whether the code is one of the member's; used up by that."""
    code = "".join(code.split()).lower()
    if _RECOVERY.fullmatch(code):
        code_hash = runtime.keys.keyed_hash(Purpose.RECOVERY_CODE, code)
        return await store.take_code(connection, member["tenant_id"], member["id"], code_hash)
    for row in await active(connection, member):
        if await fits(runtime, connection, row, code):
            return True
    return False


async def fits(runtime: Runtime, connection: AsyncConnection, row: Row, code: str) -> bool:
    """Whether this authenticator shows the code about now, and did not do so before."""
    if not _TOTP.fullmatch(code):
        return False
    totp = TOTP(runtime.keys.unseal(row["secret_sealed"]))
    now = totp.timecode(runtime.now())
    for step in range(now - STEPS_OF_GRACE, now + STEPS_OF_GRACE + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return await store.take_step(connection, row["tenant_id"], row["id"], step)
    return False


async def new_recovery_codes(
    runtime: Runtime, connection: AsyncConnection, member: Row
) -> list[str]:
    """Recovery codes in the place of the old ones; only these can be shown."""
    codes = [secrets.token_hex(6) for _ in range(RECOVERY_CODES)]
    hashes = [runtime.keys.keyed_hash(Purpose.RECOVERY_CODE, code) for code in codes]
    await store.replace_codes(connection, member["tenant_id"], member["id"], hashes)
    return codes
