"""What became of all campaigns together: of an account, or of those to one list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailwright.domain.bounce_kind import KINDS, BounceKind
from mailwright.errors import NotFound
from mailwright.services import quota
from mailwright.services.caller import Caller
from mailwright.services.quota import QuotaView
from mailwright.services.runtime import Runtime
from mailwright.store import lists
from mailwright.store import reports as store
from mailwright.store.rows import Row

_HARD = [rule for rule, kind in KINDS.items() if kind is BounceKind.HARD]


@dataclass(frozen=True, slots=True)
class CampaignSums:
    """The figures of several campaigns. Rates are shares of `delivered`, from 0 to 1.

    `bounce_rate` is the share of all that were tried: delivered or bounced.
    """

    campaigns: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int
    complained: int
    open_rate: float
    click_rate: float
    click_to_open_rate: float
    bounce_rate: float
    unsubscribe_rate: float
    complaint_rate: float


@dataclass(frozen=True, slots=True)
class AccountReport:
    """An account. `active_contacts`: who may be mailed; the rest counts mails.

    `hard_bounces`: mails of campaigns to addresses that do not exist.
    """

    active_contacts: int
    lists: int
    campaigns: CampaignSums
    emails_submitted: int
    emails_delivered: int
    hard_bounces: int
    quota: QuotaView


@dataclass(frozen=True, slots=True)
class ListReport:
    """A list: its people now, and what became of the campaigns that went to it.

    `invalid`: the address bounced; `flagged`: they complained.
    """

    active: int
    pending: int
    unsubscribed: int
    invalid: int
    flagged: int
    campaigns: CampaignSums


async def get_account_report(
    runtime: Runtime,
    caller: Caller,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AccountReport:
    """The account's figures; of mails only those begun from `since` on and before `until`."""
    caller.require("reports:read")
    tenant_id = caller.tenant_id
    async with runtime.database.reading() as connection:
        people = await store.people_of_tenant(connection, tenant_id)
        sums = await store.sums(connection, tenant_id, since=since, until=until)
        singles = await store.single_mails(connection, tenant_id, since=since, until=until)
        hard = await store.bounces(connection, tenant_id, _HARD, since=since, until=until)
        used = await quota.of_tenant(connection, tenant_id, runtime.now())
    return AccountReport(
        active_contacts=people["active"],
        lists=people["lists"],
        campaigns=_sums(sums),
        emails_submitted=singles["submitted"],
        emails_delivered=singles["delivered"],
        hard_bounces=hard,
        quota=used,
    )


async def get_campaign_sums(
    runtime: Runtime, caller: Caller, *, since: datetime | None = None
) -> CampaignSums:
    """What became of all campaigns begun from `since` on, together."""
    caller.require("reports:read")
    async with runtime.database.reading() as connection:
        return _sums(await store.sums(connection, caller.tenant_id, since=since))


async def get_list_report(runtime: Runtime, caller: Caller, list_uuid: UUID) -> ListReport:
    """The list's figures. Raises NotFound."""
    caller.require("reports:read")
    async with runtime.database.reading() as connection:
        row = await lists.get(connection, caller.tenant_id, list_uuid)
        if row is None:
            raise NotFound("There is no such list.")
        people = await store.people_of_list(connection, caller.tenant_id, row["id"])
        sums = await store.sums(connection, caller.tenant_id, list_id=row["id"])
    return ListReport(**dict(people), campaigns=_sums(sums))


def _sums(row: Row) -> CampaignSums:
    delivered = row["sent"] - row["bounced_later"]
    bounced = row["bounced"] + row["bounced_later"]
    return CampaignSums(
        campaigns=row["campaigns"],
        sent=row["sent"],
        delivered=delivered,
        opened=row["opened"],
        clicked=row["clicked"],
        bounced=bounced,
        unsubscribed=row["unsubscribed"],
        complained=row["complained"],
        open_rate=share(row["opened"], delivered),
        click_rate=share(row["clicked"], delivered),
        click_to_open_rate=share(row["clicked"], row["opened"]),
        bounce_rate=share(bounced, delivered + bounced),
        unsubscribe_rate=share(row["unsubscribed"], delivered),
        complaint_rate=share(row["complained"], delivered),
    )


def share(part: int, whole: int) -> float:
    """A part of the whole, from 0 to 1, in four digits; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0
