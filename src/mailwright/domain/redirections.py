"""Where people go on after they joined a list, confirmed it or left it: pages of the tenant's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from mailwright.errors import InvalidInput

URL_MAX = 2_083  # vendors.md 1.1.1
#: The moments after which people may go on elsewhere.
MOMENTS = ("after_opt_in", "after_double_opt_in", "after_opt_out")


def check_redirections(given: Mapping[str, str | None]) -> dict[str, str]:
    """The pages by moment; None and "" take one away. Raises InvalidInput naming the moment."""
    found: dict[str, str] = {}
    for moment, url in given.items():
        if moment not in MOMENTS:
            raise InvalidInput.field(f"redirections.{moment}", f"One of: {', '.join(MOMENTS)}.")
        if url:
            found[moment] = check_url(url, f"redirections.{moment}")
    return found


def check_url(url: str, field: str) -> str:
    """A page on the web. Raises InvalidInput for `field`."""
    try:
        parts = urlsplit(url)
        is_page = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_page = False
    if not is_page or len(url) > URL_MAX or not url.isprintable() or " " in url:
        raise InvalidInput.field(field, "The address of a page: http://… or https://….")
    return url
