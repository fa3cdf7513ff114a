"""What webhooks tell, in which dialect, and the life of one delivery."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.message_lifecycle import MessageState


class EventType(StrEnum):
    """What can be told. The words are stored, and sent as they are."""

    EMAIL_SENT = "email.sent"  # the next server accepted it (SMTP 250)
    EMAIL_DELIVERED = "email.delivered"  # a projection: sent, and no bounce so far
    EMAIL_OPENED = "email.opened"
    EMAIL_CLICKED = "email.clicked"
    EMAIL_BOUNCED = "email.bounced"
    EMAIL_COMPLAINED = "email.complained"
    EMAIL_FAILED = "email.failed"
    CONTACT_UNSUBSCRIBED = "contact.unsubscribed"
    CAMPAIGN_SCHEDULED = "campaign.scheduled"
    CAMPAIGN_SENT = "campaign.sent"
    CAMPAIGN_FAILED = "campaign.failed"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_CANCELED = "campaign.canceled"


#: Sent by the test button, to one endpoint, whatever it has chosen.
TEST_EVENT = "webhook.test"


class WebhookDialect(StrEnum):
    """In whose form an endpoint is told."""

    NATIVE = "native"  # Standard Webhooks
    MAILINGCORE = "mailingcore"
    CAKEMAIL = "cakemail"


#: What Cakemail's receivers call them (vendors.md 1.1.1); a word without a pair keeps its own.
CAKEMAIL_WORDS: Mapping[str, str] = {
    EventType.EMAIL_SENT: "Email.Sent",
    EventType.EMAIL_DELIVERED: "Email.Delivered",
    EventType.EMAIL_OPENED: "Email.Opened",
    EventType.EMAIL_CLICKED: "Email.Clicked",
    EventType.EMAIL_BOUNCED: "Email.Bounced",
    EventType.EMAIL_COMPLAINED: "Email.ReportedAsSpam",
    EventType.EMAIL_FAILED: "Email.Error",
    EventType.CONTACT_UNSUBSCRIBED: "Email.Unsubscribed",
    EventType.CAMPAIGN_SENT: "Campaign.Sent",
    EventType.CAMPAIGN_FAILED: "Campaign.Failed",
    EventType.CAMPAIGN_PAUSED: "Campaign.Suspended",
    EventType.CAMPAIGN_SCHEDULED: "Campaign.Scheduled",
    EventType.CAMPAIGN_CANCELED: "Campaign.Canceled",
}


class DeliveryState(StrEnum):
    """Where one event is on its way to one endpoint."""

    PENDING = "pending"  # waits for its next attempt, or one is under way
    DELIVERED = "delivered"  # answered with 2xx
    DEAD = "dead"  # given up; it can be replayed


#: What an outcome of the ledger tells. Nobody can see more than SMTP says, so `delivered` comes
#: at the same moment as `sent`; a bounce that arrives later is told as `email.bounced`.
OF_MESSAGE: Mapping[MessageState, tuple[EventType, ...]] = {
    MessageState.SENT: (EventType.EMAIL_SENT, EventType.EMAIL_DELIVERED),
    MessageState.BOUNCED: (EventType.EMAIL_BOUNCED,),
    MessageState.FAILED: (EventType.EMAIL_FAILED,),
}

OF_CAMPAIGN: Mapping[CampaignState, EventType] = {
    CampaignState.SCHEDULED: EventType.CAMPAIGN_SCHEDULED,
    CampaignState.CANCELED: EventType.CAMPAIGN_CANCELED,
    CampaignState.SENT: EventType.CAMPAIGN_SENT,
    CampaignState.FAILED: EventType.CAMPAIGN_FAILED,
    CampaignState.PAUSED: EventType.CAMPAIGN_PAUSED,
}

#: What a hit of `services/tracking.py` tells.
OF_HIT: Mapping[str, EventType] = {
    "opened": EventType.EMAIL_OPENED,
    "clicked": EventType.EMAIL_CLICKED,
}
