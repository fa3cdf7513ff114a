"""`X-Quota-*`: how much of the month is used, where the tenant has a quota (vendors.md 2.4)."""

from __future__ import annotations

from mailwright.services.caller import Caller
from mailwright.services.quota import get_quota
from mailwright.services.runtime import Runtime


async def quota_headers(runtime: Runtime, caller: Caller) -> dict[str, str]:
    """The headers; none where there is no limit. From 80 % on they warn."""
    quota = await get_quota(runtime, caller)
    if quota.limit is None:
        return {}
    headers = {
        "X-Quota-Limit": str(quota.limit),
        "X-Quota-Used": str(quota.used),
        "X-Quota-Percentage": f"{quota.percentage:g}",
    }
    if quota.warning:
        headers["X-Quota-Warning"] = "true"
    return headers
