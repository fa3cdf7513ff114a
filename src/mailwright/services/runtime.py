"""What every service needs at hand; built once per process by `mailwright.app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailwright.domain.keys import Keys
from mailwright.services.key_cache import KeyCache
from mailwright.services.sign_in_throttle import Throttle
from mailwright.services.signer_cache import SignerCache
from mailwright.services.totals import Totals
from mailwright.settings import Settings
from mailwright.store.database import Database


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def _per_account() -> Throttle:
    return Throttle(tries=10, window_seconds=900)


def _per_address() -> Throttle:
    return Throttle(tries=50, window_seconds=900)  # offices share one


def _mails_to_one() -> Throttle:
    return Throttle(tries=5, window_seconds=3_600)


def _mails_of_tenant() -> Throttle:
    return Throttle(tries=50, window_seconds=3_600)


def _links_to_one() -> Throttle:
    return Throttle(tries=3, window_seconds=3_600)


def _links_for_one_address() -> Throttle:
    return Throttle(tries=20, window_seconds=3_600)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings, database, keys and clock of this process, and what it remembers for a while."""

    settings: Settings
    database: Database
    keys: Keys
    now: Callable[[], datetime] = field(default=utc_now)
    key_cache: KeyCache = field(default_factory=KeyCache, repr=False)
    token_cache: KeyCache = field(default_factory=KeyCache, repr=False)
    totals: Totals = field(default_factory=Totals, repr=False)
    signers: SignerCache = field(default_factory=SignerCache, repr=False)
    account_tries: Throttle = field(default_factory=_per_account, repr=False)
    address_tries: Throttle = field(default_factory=_per_address, repr=False)
    confirmations_to_one: Throttle = field(default_factory=_mails_to_one, repr=False)
    confirmations_of_tenant: Throttle = field(default_factory=_mails_of_tenant, repr=False)
    links_asked_for: Throttle = field(default_factory=_links_to_one, repr=False)
    links_asked_from: Throttle = field(default_factory=_links_for_one_address, repr=False)
