"""What a template asks for: the names its merge tags use."""

from __future__ import annotations

from mailwright.mail import merge_language
from mailwright.mail.merge_names import ALIASES, ROOTS

#: What the sender supplies in every mail; nobody needs to be asked for it.
_BUILT_IN = frozenset({"unsubscribeUrl", "unsubscribe_url", "viewInBrowserUrl"}) | {
    "view_in_browser_url",
    "campaign",
    "sender",
}


def variables_in(*sources: str | None) -> list[str]:
    """The names in these checked sources, `contact.first_name` or `code`, each once, in order.

    What every mail has by itself (`unsubscribeUrl`, `campaign.name`) is not among them.
    """
    found: dict[str, None] = {}
    for source in sources:
        if source and ("{{" in source or "{%" in source):
            found |= dict.fromkeys(_names(source))
    return list(found)


def is_about_the_contact(name: str) -> bool:
    """Whether the contact has it by itself; anything else is supplied, or is an attribute."""
    root = name.partition(".")[0]
    return root in ALIASES or root in ROOTS


def _names(source: str) -> list[str]:
    placed: list[tuple[int, str]] = []
    for root, variables in merge_language.parse(source).analyze().globals.items():
        if root not in _BUILT_IN:
            placed += [(each.span.index, ".".join(map(str, each.segments))) for each in variables]
    return [name for _, name in sorted(placed)]
