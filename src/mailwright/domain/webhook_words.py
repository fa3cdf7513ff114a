"""What other vendors' receivers call our events, and which of their words nobody here can keep."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailwright.domain.webhook_event import EventType

_T = EventType

#: Cakemail's words (its document's EventType; Campaign.Sent and Campaign.Failed from its guides).
#: A type without one keeps its own.
CAKEMAIL_WORDS: Mapping[str, str] = {
    _T.EMAIL_SENT: "Email.Sent",
    _T.EMAIL_DELIVERED: "Email.Delivered",
    _T.EMAIL_OPENED: "Email.Opened",
    _T.EMAIL_CLICKED: "Email.Clicked",
    _T.EMAIL_BOUNCED: "Email.Bounced",
    _T.EMAIL_COMPLAINED: "Email.ReportedAsSpam",
    _T.EMAIL_FAILED: "Email.Error",
    # There a contact is somebody on a list.
    _T.CONTACT_ADDED_TO_LIST: "Contact.Added",
    _T.CONTACT_UPDATED: "Contact.Updated",
    _T.CONTACT_REMOVED_FROM_LIST: "Contact.Removed",
    _T.CONTACT_TAGGED: "Contact.Tagged",
    _T.CONTACT_UNTAGGED: "Contact.Untagged",
    _T.CONTACT_UNSUBSCRIBED: "Email.Unsubscribed",
    _T.CONTACT_OPTED_OUT: "Email.GlobalUnsubscribed",
    _T.LIST_CREATED: "List.Created",
    _T.LIST_UPDATED: "List.Updated",
    _T.LIST_DELETED: "List.Deleted",
    _T.SEGMENT_CREATED: "Segment.Created",
    _T.SEGMENT_UPDATED: "Segment.Updated",
    _T.SEGMENT_DELETED: "Segment.Deleted",
    _T.CAMPAIGN_CREATED: "Campaign.Created",
    _T.CAMPAIGN_UPDATED: "Campaign.Updated",
    _T.CAMPAIGN_SCHEDULED: "Campaign.Scheduled",
    _T.CAMPAIGN_UNSCHEDULED: "Campaign.Unscheduled",
    _T.CAMPAIGN_PAUSED: "Campaign.Suspended",
    _T.CAMPAIGN_RESUMED: "Campaign.Resumed",
    _T.CAMPAIGN_SENT: "Campaign.Sent",
    _T.CAMPAIGN_FAILED: "Campaign.Failed",
    _T.CAMPAIGN_CANCELED: "Campaign.Canceled",
    _T.SENDER_CREATED: "Sender.Created",
    _T.SENDER_UPDATED: "Sender.Updated",
    _T.SENDER_DELETED: "Sender.Deleted",
    _T.SENDER_CONFIRMATION_SENT: "Sender.ConfirmationEmailSent",
    _T.SENDER_CONFIRMED: "Sender.Confirmed",
    _T.SUPPRESSION_ADDED: "SuppressedEmail.Added",
    _T.SUPPRESSION_REMOVED: "SuppressedEmail.Removed",
    _T.CONTACTS_EXPORT_CREATED: "ContactsExport.Created",
    _T.CONTACTS_EXPORT_DELETED: "ContactsExport.Deleted",
    _T.CAMPAIGN_LOG_EXPORT_CREATED: "CampaignLogExport.Created",
    _T.LIST_LOG_EXPORT_CREATED: "ListLogsExport.Created",
    _T.SUPPRESSIONS_EXPORT_CREATED: "SuppressedEmailsExport.Created",
    _T.SUPPRESSIONS_EXPORT_DELETED: "SuppressedEmailsExport.Deleted",
    _T.ACCOUNT_UPDATED: "Account.Updated",
    _T.MEMBER_CREATED: "User.Created",
    _T.MEMBER_JOINED: "User.Confirmed",
    _T.MEMBER_UPDATED: "User.Updated",
    _T.MEMBER_DELETED: "User.Deleted",
    _T.MEMBER_SIGNED_IN: "User.LoggedIn",
}

_SUB_ACCOUNTS = "An account has no sub-accounts here"
_BEFORE_IT_LEAVES = (
    "What a mail goes through before it leaves is not told one by one; "
    "Email.Sent, Email.Delivered, Email.Bounced and Email.Error say how it went"
)
_SECOND_FACTOR = "How members sign in is kept in the audit log and told to nobody else"

#: The words of its document that are refused, and why.
CAKEMAIL_REFUSED: Mapping[str, str] = {
    "Account.Created": _SUB_ACCOUNTS,
    "Account.Confirmed": _SUB_ACCOUNTS,
    "Account.Deleted": _SUB_ACCOUNTS,
    "Email.Submitted": _BEFORE_IT_LEAVES,
    "Email.Queued": _BEFORE_IT_LEAVES,
    "Email.Processing": _BEFORE_IT_LEAVES,
    "Email.Rejected": "A mail that may not be sent to its recipient never leaves, and the call or "
    "the campaign's report says so",
    "MFA.RecoveryCodesViewed": _SECOND_FACTOR,
    "MFA.ChallengeIssued": _SECOND_FACTOR,
    "MFA.ChallengeCompleted": _SECOND_FACTOR,
    "MFA.MethodAdded": _SECOND_FACTOR,
    "MFA.MethodActivated": _SECOND_FACTOR,
    "MFA.MethodDeleted": _SECOND_FACTOR,
}


class MailingCoreWord(StrEnum):
    """All that MailingCore tells (vendors.md 2.1); they are among our own words."""

    EMAIL_SENT = "email.sent"
    EMAIL_DELIVERED = "email.delivered"
    EMAIL_OPENED = "email.opened"
    EMAIL_CLICKED = "email.clicked"
    EMAIL_BOUNCED = "email.bounced"
    EMAIL_COMPLAINED = "email.complained"
    EMAIL_FAILED = "email.failed"
    CONTACT_UNSUBSCRIBED = "contact.unsubscribed"
