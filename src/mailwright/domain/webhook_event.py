"""What webhooks tell, in which dialect, and the life of one delivery."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState
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

    CONTACT_CREATED = "contact.created"
    CONTACT_UPDATED = "contact.updated"
    CONTACT_DELETED = "contact.deleted"
    CONTACT_ADDED_TO_LIST = "contact.added_to_list"
    CONTACT_REMOVED_FROM_LIST = "contact.removed_from_list"
    CONTACT_TAGGED = "contact.tagged"
    CONTACT_UNTAGGED = "contact.untagged"
    CONTACT_UNSUBSCRIBED = "contact.unsubscribed"  # from one list, or from all mail
    CONTACT_OPTED_OUT = "contact.opted_out"  # from all mail
    CONTACT_OPTED_IN = "contact.opted_in"  # agreed, who had not or had left

    LIST_CREATED = "list.created"
    LIST_UPDATED = "list.updated"
    LIST_DELETED = "list.deleted"

    SEGMENT_CREATED = "segment.created"
    SEGMENT_UPDATED = "segment.updated"
    SEGMENT_DELETED = "segment.deleted"

    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_UPDATED = "campaign.updated"
    CAMPAIGN_DELETED = "campaign.deleted"
    CAMPAIGN_SCHEDULED = "campaign.scheduled"
    CAMPAIGN_UNSCHEDULED = "campaign.unscheduled"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_SENT = "campaign.sent"
    CAMPAIGN_FAILED = "campaign.failed"
    CAMPAIGN_CANCELED = "campaign.canceled"

    TEMPLATE_CREATED = "template.created"
    TEMPLATE_UPDATED = "template.updated"
    TEMPLATE_DELETED = "template.deleted"
    TEMPLATE_PUBLISHED = "template.published"
    TEMPLATE_UNPUBLISHED = "template.unpublished"

    SENDER_CREATED = "sender.created"
    SENDER_UPDATED = "sender.updated"
    SENDER_DELETED = "sender.deleted"
    SENDER_CONFIRMATION_SENT = "sender.confirmation_sent"
    SENDER_CONFIRMED = "sender.confirmed"

    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"

    IMPORT_FINISHED = "import.finished"
    EXPORT_FINISHED = "export.finished"  # of whatever kind
    CONTACTS_EXPORT_CREATED = "contacts_export.created"
    CONTACTS_EXPORT_DELETED = "contacts_export.deleted"
    CAMPAIGN_LOG_EXPORT_CREATED = "campaign_log_export.created"
    LIST_LOG_EXPORT_CREATED = "list_log_export.created"
    SUPPRESSIONS_EXPORT_CREATED = "suppressions_export.created"
    SUPPRESSIONS_EXPORT_DELETED = "suppressions_export.deleted"

    ACCOUNT_UPDATED = "account.updated"
    MEMBER_CREATED = "member.created"  # or invited
    MEMBER_JOINED = "member.joined"  # an invited one set a password
    MEMBER_UPDATED = "member.updated"
    MEMBER_DELETED = "member.deleted"
    MEMBER_SIGNED_IN = "member.signed_in"


#: Sent by the test button, to one endpoint, whatever it has chosen.
TEST_EVENT = "webhook.test"


class WebhookDialect(StrEnum):
    """In whose form an endpoint is told."""

    NATIVE = "native"  # Standard Webhooks
    MAILINGCORE = "mailingcore"
    CAKEMAIL = "cakemail"


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

#: What a step tells whose state alone would not say how the campaign got there.
OF_CAMPAIGN_STEP: Mapping[CampaignEvent, EventType] = {
    CampaignEvent.UNSCHEDULE: EventType.CAMPAIGN_UNSCHEDULED,
    CampaignEvent.RESUME: EventType.CAMPAIGN_RESUMED,
}

#: What asking for an export and throwing it away tells, by its kind.
EXPORT_CREATED: Mapping[str, EventType] = {
    "contacts": EventType.CONTACTS_EXPORT_CREATED,
    "campaign-events": EventType.CAMPAIGN_LOG_EXPORT_CREATED,
    "list-events": EventType.LIST_LOG_EXPORT_CREATED,
    "suppressions": EventType.SUPPRESSIONS_EXPORT_CREATED,
}
EXPORT_DELETED: Mapping[str, EventType] = {
    "contacts": EventType.CONTACTS_EXPORT_DELETED,
    "suppressions": EventType.SUPPRESSIONS_EXPORT_DELETED,
}

#: What a hit of `services/tracking.py` tells.
OF_HIT: Mapping[str, EventType] = {
    "opened": EventType.EMAIL_OPENED,
    "clicked": EventType.EMAIL_CLICKED,
}
