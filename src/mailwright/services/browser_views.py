"""The mail in a browser."""

from mailwright.domain.tokens import Unsubscribe
from mailwright.services.runtime import Runtime


async def render_view(runtime: Runtime, link: Unsubscribe) -> str | None:
    """temp"""
    return None
