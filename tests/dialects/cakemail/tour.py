"""Every answered operation of Cakemail's document, called once, in an order in which each can work.

`{word}` in a body is an id that an earlier step kept; the parameters of a path are filled by their
own names, or by what `at` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.pictures import data_uri, png

PASSWORD = "correct horse battery staple"
_MFA = "/users/self/mfa"
_SENDERS = "/brands/default/senders"
_SENDER = _SENDERS + "/{sender_id}"
_SYSTEM = "/brands/default/system-emails"
_LOGO = "/brands/default/logos/default"
_LIST = "/lists/{list_id}"
_CONTACTS = _LIST + "/contacts"
_CONTACT = _CONTACTS + "/{contact_id}"
_EXPORT = _LIST + "/exports/{export_id}"
_SEGMENT = _LIST + "/segments/{segment_id}"
_INTEREST = _LIST + "/interests/{interest_name}"
_CAMPAIGN = "/campaigns/{campaign_id}"
_MAIL_TEMPLATES = _LIST + "/transactional-email-templates"
_MAIL_TEMPLATE = _MAIL_TEMPLATES + "/{transactional_email_template_id}"
_SUPPRESSED = "/reports/suppressed-emails-exports"
_REPORTS = "/reports/campaigns-exports"
_LETTER = (
    "<p>Ahoy <a href='https://harbour.example/news'>news</a></p><a href='{{ confirm_url }}'>Yes</a>"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One call. `keep`: the name for its id; `until`: asked again until it has that status."""

    operation: str
    body: Any = None
    keep: str | None = None
    query: str = ""
    at: Mapping[str, str] = field(default_factory=dict[str, str])
    until: str | None = None


def _export(word: str) -> dict[str, str]:
    return {"export_id": word}


ACCOUNT = (
    Step("GET /accounts/self", keep="account_id"),
    Step("PATCH /accounts/self", {"name": "Harbour"}),
    Step("GET /accounts"),
    Step("GET /accounts/{account_id}"),
    Step("GET /users/self"),
    Step("GET /users"),
    Step(
        "POST /users",
        {
            "email": "bo@harbour.example",
            "password": PASSWORD,
            "first_name": "Bo",
            "last_name": "Lind",
        },
        keep="user_id",
    ),
    Step("GET /users/{user_id}"),
    Step("PATCH /users/{user_id}", {"first_name": "Boel"}),
    Step("POST /users/{user_id}/suspend"),
    Step("POST /users/{user_id}/unsuspend"),
    Step("POST /users/{user_id}/reset-password", {"invalidate_current_password": False}),
    Step("DELETE /users/{user_id}"),
    Step(
        "POST /users",
        {"email": "cy@harbour.example", "first_name": "Cy", "last_name": "Quay"},
        keep="invited_id",
    ),
    Step("POST /users/{user_id}/resend-verification-email", at={"user_id": "invited_id"}),
    Step("POST /users/forgot-my-password", {"email": "cy@harbour.example"}),
    Step("POST /users/self/reset-password"),
    Step(f"GET {_MFA}"),
)

SENDERS = (
    Step(f"POST {_SENDERS}", {"name": "News", "email": "post@harbour.example"}, keep="sender_id"),
    Step(f"GET {_SENDERS}"),
    Step(f"GET {_SENDER}"),
    Step(f"PATCH {_SENDER}", {"name": "Harbour news"}),
    Step(f"PUT {_LOGO}", {"file": data_uri(png())}),
    Step(f"DELETE {_LOGO}"),
    Step("GET /brands/default/dkim"),
    Step("POST /brands/default/dkim", {"domain": "harbour.example", "selector": "k1"}, keep="dkim"),
    Step("GET /brands/default/dkim/{id}", at={"id": "dkim"}),
    Step("DELETE /brands/default/dkim/{id}", at={"id": "dkim"}),
    Step("GET /brands/default/domains/default"),
    Step("PATCH /brands/default/domains/default", {"domains": {"tracking": "t.harbour.example"}}),
    Step("GET /brands/default/domains/default/validate"),
)

PEOPLE = (
    Step("POST /lists", {"name": "Readers", "default_sender": {"id": "{sender_id}"}}, "list_id"),
    Step("GET /lists"),
    Step(f"GET {_LIST}"),
    Step(f"PATCH {_LIST}", {"name": "Dear readers"}),
    Step(f"POST {_LIST}/accept-policy"),
    Step(f"POST {_LIST}/custom-attributes", {"name": "city", "type": "text"}),
    Step(f"GET {_LIST}/custom-attributes"),
    Step(f"GET {_LIST}/custom-attributes/{{name}}"),
    Step(f"POST {_LIST}/interests", {"name": "sailing", "alias": "boats"}),
    Step(f"GET {_LIST}/interests"),
    Step(f"GET {_INTEREST}"),
    Step(f"PATCH {_INTEREST}", {"alias": "ships"}),
    Step("POST /tags", {"tag": "vip"}),
    Step("GET /tags"),
    Step("GET /tags/{tag}"),
    Step(
        f"POST {_CONTACTS}",
        {
            "email": "ada@example.com",
            "custom_attributes": [{"name": "city", "value": "Rome"}],
        },
        keep="contact_id",
    ),
    Step(f"GET {_CONTACTS}"),
    Step(f"GET {_CONTACT}"),
    Step(f"PATCH {_CONTACT}", {"custom_attributes": [{"name": "city", "value": "Oslo"}]}),
    Step(f"POST {_CONTACT}/tag", {"tags": ["vip"]}),
    Step(f"POST {_CONTACT}/untag", {"tags": ["vip"]}),
    Step(f"POST {_CONTACTS}/tag", {"tags": ["vip"], "contact_ids": ["{contact_id}"]}),
    Step(f"POST {_CONTACTS}/untag", {"tags": ["vip"], "contact_ids": ["{contact_id}"]}),
    Step(
        f"POST {_CONTACTS}/add-interests",
        {"interests": ["sailing"], "contact_ids": ["{contact_id}"]},
    ),
    Step(
        f"POST {_CONTACTS}/remove-interests",
        {"interests": ["sailing"], "contact_ids": ["{contact_id}"]},
    ),
    Step(
        f"POST {_LIST}/import-contacts",
        {"contacts": [{"email": f"r{n}@example.com", "tags": ["vip"]} for n in range(3)]},
    ),
    Step(f"POST {_LIST}/segments", {"name": "Oslo", "query": "city = 'Oslo'"}, keep="segment_id"),
    Step(f"GET {_LIST}/segments"),
    Step(f"GET {_SEGMENT}"),
    Step(f"PATCH {_SEGMENT}", {"name": "In Oslo"}),
    Step(f"GET {_SEGMENT}/contacts"),
    Step(f"POST {_LIST}/exports", keep="contacts_export"),
    Step(f"GET {_LIST}/exports"),
    Step(f"GET {_EXPORT}", at=_export("contacts_export"), until="ready"),
    Step(f"GET {_EXPORT}/download", at=_export("contacts_export")),
    Step(f"DELETE {_EXPORT}", at=_export("contacts_export")),
    Step("GET /tasks", keep="task_id"),
    Step("GET /tasks/{task_id}"),
)

WRITING = (
    Step(
        "POST /templates",
        {"name": "Letter", "content": {"type": "html", "subject": "Ahoy", "html": _LETTER}},
        keep="template_id",
    ),
    Step(
        f"PUT {_SYSTEM}",
        {
            "contact_double_opt_in": [
                {"language": "fr_CA", "template": {"id": "{template_id}"}},
                {"language": "de", "sender": {"id": "{sender_id}"}},
            ]
        },
    ),
    Step(f"PATCH {_SYSTEM}", {"contact_double_opt_in": [{"language": "it"}]}),
    Step(f"GET {_SYSTEM}"),
    Step(f"PUT {_SYSTEM}", {}),
    Step("GET /templates"),
    Step("GET /templates/{template_id}"),
    Step("PATCH /templates/{template_id}", {"name": "Long letter"}),
    Step("GET /templates/{template_id}/render"),
    Step(
        "POST /campaigns",
        {
            "name": "May",
            "audience": {"list_id": "{list_id}"},
            "sender": {"id": "{sender_id}", "name": "News"},
            "content": {"type": "html", "subject": "Ahoy", "html": _LETTER},
        },
        keep="campaign_id",
    ),
    Step("GET /campaigns"),
    Step(f"GET {_CAMPAIGN}"),
    Step(f"PATCH {_CAMPAIGN}", {"name": "May news"}),
    Step(f"GET {_CAMPAIGN}/render"),
    Step(f"GET {_CAMPAIGN}/revisions"),
    Step(f"POST {_CAMPAIGN}/send-test", {"email": "me@harbour.example"}),
    Step(f"POST {_CAMPAIGN}/schedule", {"date": 2_147_000_000}),
    Step(f"POST {_CAMPAIGN}/reschedule", {"date": 2_147_000_100}),
    Step(f"POST {_CAMPAIGN}/unschedule"),
    Step(f"POST {_CAMPAIGN}/schedule"),
    Step(f"GET {_CAMPAIGN}", until="delivered"),
    Step(f"GET {_CAMPAIGN}/links", keep="link_id"),
    Step("GET /links/{link_id}"),
    Step(f"POST {_CAMPAIGN}/archive"),
    Step(f"POST {_CAMPAIGN}/unarchive"),
)

READING = (
    Step("GET /reports/campaigns/{campaign_id}"),
    Step("GET /reports/campaigns/{campaign_id}/links"),
    Step("GET /reports/lists/{list_id}"),
    Step("GET /reports/accounts/self"),
    Step("GET /reports/accounts/{account_id}"),
    Step(f"POST {_REPORTS}", {"description": "All"}, keep="report_export"),
    Step(f"GET {_REPORTS}"),
    Step(f"GET {_REPORTS}/{{export_id}}", at=_export("report_export"), until="ready"),
    Step(f"GET {_REPORTS}/{{export_id}}/download", at=_export("report_export")),
    Step(f"DELETE {_REPORTS}/{{export_id}}", at=_export("report_export")),
    Step("GET /logs/campaigns/{campaign_id}"),
    Step("POST /logs/campaigns/{campaign_id}/exports", {"description": "All"}, keep="log_export"),
    Step("GET /logs/campaigns/{campaign_id}/exports", until="ready"),
    Step(
        "GET /logs/campaigns/{campaign_id}/exports/{campaign_log_export_id}/download",
        at={"campaign_log_export_id": "log_export"},
    ),
    Step("GET /logs/lists/{list_id}"),
    Step("POST /logs/lists/{list_id}/exports", {"description": "All"}, keep="list_log_export"),
    Step("GET /logs/lists/{list_id}/exports", until="ready"),
    Step(
        "GET /logs/lists/{list_id}/exports/{list_logs_export_id}/download",
        at={"list_logs_export_id": "list_log_export"},
    ),
)

_PARCEL = {"type": "transactional", "subject": "Parcel", "html": "<p>On its way</p>"}
MAILS = (
    Step(
        "POST /v2/emails",
        {
            "list_id": "{list_id}",
            "email": "cy@example.com",
            "sender": {"id": "{sender_id}"},
            "content": _PARCEL,
            "tags": ["parcel"],
        },
        keep="email_id",
    ),
    Step("GET /v2/emails/{email_id}"),
    Step("GET /v2/emails/{email_id}/render"),
    Step("GET /v2/logs/emails"),
    Step("GET /logs/emails-summary"),
    Step("GET /v2/reports/emails"),
    Step("GET /email-tags"),
    Step(
        "POST /emails",
        {
            "email": "cy@example.com",
            "sender": {"id": "{sender_id}"},
            "group_id": 7,
            "content": {"subject": "Parcel", "html": "<p>On its way</p>"},
        },
    ),
    Step("GET /logs/emails", query="log_type=all&with_count=true&filter=group_id==7"),
    Step("GET /reports/emails", query="start_time=1&end_time=100000"),
    Step("GET /reports/emails"),
    Step("GET /email-group-ids"),
    Step("PATCH /email-group-ids/{group_id}", {"description": "Parcels"}),
    Step(
        f"POST {_MAIL_TEMPLATES}",
        {
            "name": "Code",
            "sender": {"id": "{sender_id}"},
            "content": {"type": "html", "subject": "Your code", "html": "<p>7</p>"},
        },
        keep="transactional_email_template_id",
    ),
    Step(f"GET {_MAIL_TEMPLATES}"),
    Step(f"GET {_MAIL_TEMPLATE}"),
    Step(f"PATCH {_MAIL_TEMPLATE}", {"name": "Codes"}),
    Step(f"POST {_MAIL_TEMPLATE}/render", {"contact_id": "{contact_id}"}),
    Step(f"POST {_MAIL_TEMPLATE}/send-test", {"email": "me@harbour.example"}),
    Step(f"POST {_MAIL_TEMPLATE}/send", {"contact_id": "{contact_id}"}),
    Step(f"DELETE {_MAIL_TEMPLATE}"),
)

AROUND = (
    Step("POST /suppressed-emails", {"email": "gone@example.com"}),
    Step("GET /suppressed-emails"),
    Step(f"POST {_SUPPRESSED}", keep="suppressed_export"),
    Step(f"GET {_SUPPRESSED}"),
    Step(f"GET {_SUPPRESSED}/{{export_id}}", at=_export("suppressed_export"), until="ready"),
    Step(f"GET {_SUPPRESSED}/{{export_id}}/download", at=_export("suppressed_export")),
    Step(f"DELETE {_SUPPRESSED}/{{export_id}}", at=_export("suppressed_export")),
    Step("DELETE /suppressed-emails/{email}"),
    Step(
        "POST /webhooks",
        {"event": "Email.Opened", "url": "https://shop.example/hook"},
        keep="webhook_id",
    ),
    Step("GET /webhooks"),
    Step("GET /webhooks/{webhook_id}"),
    Step("PATCH /webhooks/{webhook_id}", {"url": "https://shop.example/other"}),
    Step("POST /webhooks/{webhook_id}/archive"),
    Step("POST /webhooks/{webhook_id}/unarchive"),
)

LEAVING = (
    Step(f"POST {_CONTACT}/unsubscribe"),
    Step(f"DELETE {_CONTACT}"),
    Step(f"DELETE {_SEGMENT}"),
    Step(f"DELETE {_INTEREST}"),
    Step("PATCH /tags/{tag}", {"tag": "gold"}),
    Step("DELETE /tags/{tag}", at={"tag": "renamed_tag"}),
    Step(f"DELETE {_LIST}/custom-attributes/{{name}}"),
    Step("DELETE /tasks/{task_id}"),
    Step("DELETE /templates/{template_id}"),
    Step("POST /campaigns", {"name": "Scrap"}, keep="campaign_id"),
    Step(f"DELETE {_CAMPAIGN}"),
    Step(f"POST {_SENDERS}", {"name": "Spare", "email": "spare@harbour.example"}, keep="spare"),
    Step(f"DELETE {_SENDER}", at={"sender_id": "spare"}),
    Step(f"POST {_LIST}/archive"),
    Step("POST /lists", {"name": "Scrap", "default_sender": {"id": "{sender_id}"}}, "list_id"),
    Step(f"DELETE {_LIST}"),
)

STEPS = (
    *ACCOUNT,
    *SENDERS,
    *PEOPLE,
    *WRITING,
    *READING,
    *MAILS,
    *AROUND,
    *LEAVING,
)

#: Called in tests of their own, where what they need can be had: codes, links in mails, states.
ELSEWHERE = {
    "POST /token": "test_tokens.py",
    "PUT /token": "test_tokens.py",
    "POST /token/challenge": "test_tokens.py",
    "POST /users/reset-password-confirm": "test_user_passwords.py",
    "POST /users/{user_id}/confirm": "test_user_passwords.py",
    "POST /users/self/mfa": "test_users.py",
    "POST /users/self/mfa/{mfa_id}/activate": "test_users.py",
    "GET /users/self/mfa-recovery-codes": "test_users.py",
    "GET /users/self/mfa-portal": "test_users.py",
    "DELETE /users/self/mfa/{mfa_id}": "test_users.py",
    f"POST {_SENDERS}/confirm-email": "test_senders.py",
    f"POST {_SENDER}/resend-confirmation-email": "test_senders.py",
    f"POST {_CAMPAIGN}/suspend": "test_campaign_sending.py",
    f"POST {_CAMPAIGN}/resume": "test_campaign_sending.py",
    f"POST {_CAMPAIGN}/cancel": "test_campaign_sending.py",
}

#: What paths call otherwise than by an id.
WORDS = {
    "name": "city",
    "group_id": "7",
    "interest_name": "sailing",
    "tag": "vip",
    "renamed_tag": "gold",
    "email": "gone@example.com",
}
