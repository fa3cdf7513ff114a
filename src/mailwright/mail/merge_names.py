"""The names a merge tag may use, and where each leads.

`contact.FIELD` and `contact.attributes.KEY`, the bare fields (`first_name`, `firstName`),
`attributes.KEY`, and what the sender supplies: `unsubscribeUrl`, `viewInBrowserUrl`,
`campaign.name`, `campaign.subject`, `sender.name`, `sender.email`. A bare word that is none of
these looks up the attribute of that name.
"""

from __future__ import annotations

from collections.abc import Mapping

Path = tuple[str, ...]

CONTACT_FIELDS = (
    "email", "first_name", "last_name", "locale", "phone", "external_id", "country_code",
)  # fmt: skip
CAMEL_CASE = {
    "firstName": "first_name",
    "lastName": "last_name",
    "externalId": "external_id",
    "countryCode": "country_code",
}
UNSUBSCRIBE_TAGS = ("unsubscribeUrl", "unsubscribe_url")
VIEW_TAGS = ("viewInBrowserUrl", "view_in_browser_url")
NAMESPACES: Mapping[str, tuple[str, ...]] = {
    "contact": (*CONTACT_FIELDS, *CAMEL_CASE, "attributes"),
    "campaign": ("name", "subject"),
    "sender": ("name", "email"),
}
# Bare words and where they lead.
ALIASES: Mapping[str, Path] = {
    **{name: ("contact", name) for name in CONTACT_FIELDS},
    **{name: ("contact", snake) for name, snake in CAMEL_CASE.items()},
    "unsubscribe_url": ("unsubscribeUrl",),
    "view_in_browser_url": ("viewInBrowserUrl",),
}
ROOTS = frozenset({*NAMESPACES, *ALIASES, "attributes", "unsubscribeUrl", "viewInBrowserUrl"})
PROPERTIES = frozenset({"size", "first", "last"})  # Liquid computes these


def resolved(path: Path) -> Path:
    """Where a name as written leads: aliases to their field, unknown words to an attribute."""
    if len(path) == 1:
        name = path[0]
        if name in ALIASES:
            return ALIASES[name]
        if name not in ROOTS and not name.startswith("__"):  # those are slots of our own
            return ("attributes", name)
    return path
