"""The forms of reports: the document's figures and the seed's five, together."""

from __future__ import annotations

from collections.abc import Iterable

from mailwright.dialects.cakemail.shapes import Shape
from mailwright.domain.bounce_kind import BounceKind as B
from mailwright.services.account_reports import AccountReport, ListReport, share
from mailwright.services.campaign_events import EventTotal
from mailwright.services.reports import LinkClicks, Report


class SeedFigures(Shape):
    """The seed's names; they also stand on top."""

    sent: int
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int


class CampaignReport(SeedFigures):
    """What became of a campaign. Rates are shares, from 0 to 1."""

    sent_emails: int
    sent_rate: float
    active_emails: int
    opens: int
    unique_opens: int
    open_rate: float
    unopens: int
    unopen_rate: float
    implied_opens: int
    clicks: int
    unique_clicks: int
    click_rate: float
    clickthru_rate: float
    bounces: int
    bounce_rate: float
    bounces_address_changed: int
    bounces_challenge_response: int
    bounces_dns_failure: int
    bounces_full_mailbox: int
    bounces_hard: int
    bounces_mail_blocked: int
    bounces_soft: int
    bounces_transient: int
    spams: int
    spam_rate: float
    unsubscribes: int
    unsubscribe_rate: float
    forwards: int = 0  # nobody forwards through us
    skipped: int
    failed: int
    possibly_repeated: int


class LinkReport(Shape):
    """How often a link was followed. Rates are shares of all clicks, from 0 to 1."""

    id: int
    link: str
    unique: int
    total: int
    unique_rate: float
    total_rate: float


class EmailApiFigures(Shape):
    """Single mails."""

    submitted: int
    delivered: int


class AccountReportShape(Shape):
    """An account. Usages are shares of what it may use, 0 where there is no limit."""

    active_contacts: int
    sent_emails: int
    sent_campaign_emails: int
    sent_action_emails: int = 0
    sent_email_emails: int
    open_rate: float
    bounce_rate: float
    click_rate: float
    spam_rate: float
    unsubscribe_rate: float
    emails_usage: float
    contacts_usage: float = 0
    bounces_hard: int
    bounce_hard_rate: float
    spams: int
    current_lists: int
    email_api: EmailApiFigures


class ListReportShape(Shape):
    """A list: its people, and the campaigns that went to it."""

    active_contacts: int
    pending_contacts: int
    invalid_contacts: int
    unsubscribed_contacts: int
    flagged_contacts: int
    deleted_contacts: int = 0  # who was deleted is not counted any more
    sent_emails: int
    open_rate: float
    bounce_rate: float
    click_rate: float
    clickthru_rate: float
    unsubscribe_rate: float
    spam_rate: float


def campaign_report(
    report: Report, bounces: Iterable[EventTotal], implied_opens: int
) -> CampaignReport:
    """The form of a campaign's report; `bounces`: how many of each kind."""
    kinds = {row.bounce: row.occurrences for row in bounces}
    delivered = report.delivered
    skipped = sum(report.skipped.values())
    return CampaignReport(
        sent=report.sent,
        opened=report.opened,
        clicked=report.clicked,
        bounced=report.bounced,
        unsubscribed=report.unsubscribed,
        sent_emails=report.sent,
        sent_rate=share(report.sent, report.audience - skipped),
        active_emails=delivered,
        opens=report.opens,
        unique_opens=report.opened,
        open_rate=share(report.opened, delivered),
        unopens=max(delivered - report.opened, 0),
        unopen_rate=share(max(delivered - report.opened, 0), delivered),
        implied_opens=implied_opens,
        clicks=report.clicks,
        unique_clicks=report.clicked,
        click_rate=share(report.clicked, delivered),
        clickthru_rate=share(report.clicked, report.opened),
        bounces=report.bounced,
        bounce_rate=share(report.bounced, delivered + report.bounced),
        bounces_address_changed=kinds.get(B.ADDRESS_CHANGED, 0),
        bounces_challenge_response=kinds.get(B.CHALLENGE_RESPONSE, 0),
        bounces_dns_failure=kinds.get(B.DNS_FAILURE, 0),
        bounces_full_mailbox=kinds.get(B.FULL_MAILBOX, 0),
        bounces_hard=kinds.get(B.HARD, 0),
        bounces_mail_blocked=kinds.get(B.MAIL_BLOCKED, 0),
        bounces_soft=kinds.get(B.SOFT, 0),
        bounces_transient=kinds.get(B.TRANSIENT, 0),
        spams=report.complained,
        spam_rate=share(report.complained, delivered),
        unsubscribes=report.unsubscribed,
        unsubscribe_rate=share(report.unsubscribed, delivered),
        skipped=skipped,
        failed=report.failed,
        possibly_repeated=report.possibly_repeated,
    )


def link_report(link: LinkClicks, number: int, report: Report) -> LinkReport:
    """The form of a link's figures."""
    return LinkReport(
        id=number,
        link=link.url,
        unique=link.unique_clicks,
        total=link.clicks,
        unique_rate=share(link.unique_clicks, report.clicked),
        total_rate=share(link.clicks, report.clicks),
    )


def account_report(report: AccountReport) -> AccountReportShape:
    """The form of an account's report."""
    sums, quota = report.campaigns, report.quota
    return AccountReportShape(
        active_contacts=report.active_contacts,
        sent_emails=sums.sent + report.emails_delivered,
        sent_campaign_emails=sums.sent,
        sent_email_emails=report.emails_delivered,
        open_rate=sums.open_rate,
        bounce_rate=sums.bounce_rate,
        click_rate=sums.click_rate,
        spam_rate=sums.complaint_rate,
        unsubscribe_rate=sums.unsubscribe_rate,
        emails_usage=share(quota.used, quota.limit or 0),
        bounces_hard=report.hard_bounces,
        bounce_hard_rate=share(report.hard_bounces, sums.delivered + sums.bounced),
        spams=sums.complained,
        current_lists=report.lists,
        email_api=EmailApiFigures(
            submitted=report.emails_submitted, delivered=report.emails_delivered
        ),
    )


def list_report(report: ListReport) -> ListReportShape:
    """The form of a list's report."""
    sums = report.campaigns
    return ListReportShape(
        active_contacts=report.active,
        pending_contacts=report.pending,
        invalid_contacts=report.invalid,
        unsubscribed_contacts=report.unsubscribed,
        flagged_contacts=report.flagged,
        sent_emails=sums.sent,
        open_rate=sums.open_rate,
        bounce_rate=sums.bounce_rate,
        click_rate=sums.click_rate,
        clickthru_rate=sums.click_to_open_rate,
        unsubscribe_rate=sums.unsubscribe_rate,
        spam_rate=sums.complaint_rate,
    )
