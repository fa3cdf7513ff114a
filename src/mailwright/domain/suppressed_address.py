"""What can be suppressed: an address, everybody at a domain, or a name at every domain.

`*@example.com` stands for the second, `noreply@*` for the third (vendors.md 1.1.1). Both are kept
in the place of an address, so that an address is looked up by the three keys that would stop it.
"""

from __future__ import annotations

from mailwright.domain.email_address import EmailAddress
from mailwright.errors import InvalidInput

ANY = "*"


def parse_suppressed(text: str) -> str:
    """The key to keep: of an address, or a pattern. Raises InvalidInput for the field `email`."""
    local, _, domain = text.strip().rpartition("@")
    if local == ANY and domain:
        return f"{ANY}@{_key(f'x@{domain}').rpartition('@')[2]}"
    if domain == ANY and local:
        return f"{_key(f'{local}@example.com').rpartition('@')[0]}@{ANY}"
    return _key(text)


def is_pattern(key: str) -> bool:
    """Whether the key stands for more than one address."""
    return key.startswith(f"{ANY}@") or key.endswith(f"@{ANY}")


def stopped_by(email_key: str) -> tuple[str, str, str]:
    """The keys that would stop mail to the address: its own, its domain's, its name's."""
    local, _, domain = email_key.rpartition("@")
    return email_key, f"{ANY}@{domain}", f"{local}@{ANY}"


def _key(text: str) -> str:
    key = EmailAddress.parse(text).key
    if ANY in key and not is_pattern(key):
        raise InvalidInput.field("email", "A star stands for a whole name or a whole domain.")
    return key
