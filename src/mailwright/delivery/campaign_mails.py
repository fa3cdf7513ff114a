"""The mails of campaigns: batches of the ledger, each row one person of the audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.delivery import finish, outages
from mailwright.delivery.batch import End, Result
from mailwright.delivery.load import Due, Letter
from mailwright.delivery.mailing import Mailing, Mailings
from mailwright.delivery.pace import Pace
from mailwright.delivery.transitions import move
from mailwright.domain.campaign_lifecycle import CampaignEvent
from mailwright.domain.retry_ladder import BULK
from mailwright.errors import DatabaseUnreachable, NotReady
from mailwright.services.runtime import Runtime
from mailwright.store import batches, campaigns, messages
from mailwright.store.batches import Lease
from mailwright.store.rows import Row


class CampaignLoad:
    """One batch of a campaign."""

    is_urgent = False

    def __init__(self, runtime: Runtime, mailing: Mailing) -> None:
        self.ladder = BULK.starting_with(runtime.settings.retry_first_seconds)
        self._mailing = mailing

    async def due(self, connection: AsyncConnection, lease: Lease) -> Sequence[Due]:
        """The rows that wait, with their contacts as they are now, wherever those have moved."""
        rows = await messages.due(connection, lease, self._mailing.audience)
        if any(_has_moved(row) for row in rows):
            await messages.follow_addresses(connection, lease)
        return [
            Due(
                row["message_id"],
                row["attempts"],
                row["possibly_repeated"],
                row["skip_reason"],
                row,
            )
            for row in rows
        ]

    async def gone(
        self, connection: AsyncConnection, lease: Lease, waiting: Sequence[Due]
    ) -> Mapping[int, str] | None:
        """Who unsubscribed, or was suppressed, a moment ago; None: the campaign is held."""
        campaign = await campaigns.get(connection, lease.tenant_id, lease.campaign_id)
        if campaign is None or campaign["state"] not in lease.sendable_states:
            return None
        return await messages.no_longer_mailable(
            connection, lease, self._mailing.audience, [due.message_id for due in waiting]
        )

    async def letter(self, due: Due) -> Letter:
        """The campaign's mail to one contact."""
        return self._mailing.letter(due)


class CampaignMails:
    """Claims batches of campaigns, which take turns."""

    def __init__(self, runtime: Runtime, pace: Pace) -> None:
        self._runtime = runtime
        self._pace = pace
        self._mailings = Mailings(runtime)
        self._last_campaign_id = 0

    async def claim(self, *, worker: str, busy_lanes: Sequence[str]) -> Lease | None:
        """A batch of the next campaign that has one."""
        async with self._runtime.database.raw() as connection:
            lease = await batches.claim(
                connection,
                worker=worker,
                lease_seconds=self._pace.lease_seconds,
                busy_lanes=busy_lanes,
                after_campaign_id=self._last_campaign_id,
            )
        if lease is not None:
            self._last_campaign_id = lease.campaign_id
        return lease

    async def load(self, lease: Lease) -> CampaignLoad | None:
        """The campaign compiled; what a dead worker had in flight is marked. None: held, or lost.

        A campaign whose content does not compile fails.
        """
        if lease.in_flight:
            async with self._runtime.database.raw() as connection:
                if not await batches.take_over(connection, lease):
                    return None
        try:
            mailing = await self._mailings.of(lease)
        except DatabaseUnreachable:
            raise
        except NotReady as error:
            key = lease.tenant_id, lease.campaign_id
            await move(self._runtime, *key, CampaignEvent.FAIL, reason=error.message)
            return None
        return None if mailing is None else CampaignLoad(self._runtime, mailing)

    async def settle(self, lease: Lease, result: Result) -> None:
        """Closes what is done, with the last batch the campaign; parks a transport that refuses."""
        if result.is_heard:
            await outages.note_success(self._runtime, lease)
        if result.end is End.DONE:
            async with self._runtime.database.raw() as connection:
                is_closed = await batches.close(connection, lease)
            if is_closed:
                await finish.finish_if_drained(self._runtime, lease.tenant_id, lease.campaign_id)
                return
        if result.refusal is not None:
            await outages.note_refusal(self._runtime, lease, result.refusal)
        await self.give_back(lease)

    async def give_back(self, lease: Lease) -> None:
        """The batch is open again."""
        async with self._runtime.database.raw() as connection:
            await batches.give_back(connection, lease)


def _has_moved(row: Row) -> bool:
    """Whether the contact's address changed since the ledger row was written."""
    return row["email"] is not None and row["email"] != row["message_email"]
