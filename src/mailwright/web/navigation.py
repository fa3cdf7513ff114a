"""Where everything is: the pages of the side bar, in groups, and the tabs within an area."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the side bar. `also`: where else it is the one marked as present."""

    path: str
    label: str
    icon: str
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether somebody at `path` is here."""
        if self.path == "/":
            return path == "/"
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.also))


#: Heading → its places; the first group needs none.
GROUPS: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place("/", "Home", "home"),
            Place("/campaigns", "Campaigns", "send"),
            Place("/emails", "Emails", "letter"),
            Place("/templates", "Templates", "template"),
            Place("/inbox", "Inbox", "inbox"),
        ),
    ),
    (
        "Audience",
        (
            Place("/contacts", "Contacts", "people"),
            Place("/lists", "Lists", "list"),
            Place("/segments", "Segments", "filter"),
            Place("/imports", "Imports", "up"),
            Place("/suppressions", "Suppressions", "stop"),
        ),
    ),
    (
        "Settings",
        (
            Place("/settings/account", "Account and usage", "gauge"),
            Place("/settings/senders", "Senders", "at"),
            Place("/settings/domains", "Domains", "globe"),
            Place("/settings/projects", "Projects", "server"),
            Place("/settings/webhooks", "Webhooks", "hook"),
            Place("/settings/api-keys", "API keys", "key"),
            Place("/settings/members", "Members", "member"),
            Place("/settings/security", "Security", "shield"),
            Place("/settings/audit-log", "Audit log", "scroll"),
            Place("/docs", "API reference", "book"),
        ),
    ),
)
