"""`X-Quota-*`: how much of the month is used, where the tenant has a quota (vendors.md 2.4)."""

from __future__ import annotations

from mailwright.services.caller import Caller
from mailwright.services.quota import WARNING_PERCENTAGE, get_quota
from mailwright.services.runtime import Runtime


async def quota_headers(runtime: Runtime, caller: Caller) -> dict[str, str]:
    """The headers; none where there is no limit. From 80 % on they warn."""
    quota = await get_quota(runtime, caller)
    return headers_of(quota.limit, quota.used, quota.percentage)


def headers_of(limit: int | None, used: int, percentage: float | None) -> dict[str, str]:
    """The headers for these figures."""
    if limit is None or percentage is None:
        return {}
    headers = {
        "X-Quota-Limit": str(limit),
        "X-Quota-Used": str(used),
        "X-Quota-Percentage": f"{percentage:g}",
    }
    if percentage >= WARNING_PERCENTAGE:
        headers["X-Quota-Warning"] = "true"
    return headers
