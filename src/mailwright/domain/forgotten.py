"""Whoever asked to be forgotten leaves one trace: a keyed hash of their address.

It says of an address that is given whether its owner asked (GDPR Art. 17), so that no import brings
them back, and tells nobody the address. Each tenant has hashes of its own.
"""

from __future__ import annotations

import hashlib
import hmac

from mailwright.domain.keys import Keys, Purpose

#: Stands in the ledger where an address stood. Links in such a mail and answers to it lead nowhere.
ERASED = "erased"

_PREFIX = "erased:"  # no address: it has no @


def forgotten_key(keys: Keys, tenant_id: int, email_key: str) -> str:
    """What stands in the place of the address among the tenant's suppressions."""
    said = f"{tenant_id}\n{email_key}".encode()
    return _PREFIX + hmac.new(keys.key(Purpose.FORGOTTEN), said, hashlib.sha256).hexdigest()
