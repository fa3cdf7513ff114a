"""What a user of Cakemail's program does in a long day: every command that touches what exists.

`%word%` in a line is an id that an earlier line kept. A line answers with exit status 0 and prints
what it `says`, unless it `fails`: then with 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One command. `keep`: the name for the id that it prints; `says`: words in its output."""

    line: str
    says: str = ""
    keep: str | None = None
    fails: bool = False


SET_UP = (
    Line("account show", "Default"),
    Line("account list", "Total accessible accounts: 1"),
    Line("account test", "Credentials are valid"),
    Line("senders create -n Harbour -e post@harbour.example", "Sender created: ", "sender"),
    Line("senders list", "post@harbour.example"),
    Line("senders get %sender%", "post@harbour.example"),
    Line("senders update %sender% -n 'Harbour Post'", "Harbour Post"),
    Line("senders resend-confirmation %sender%", fails=True),  # it is confirmed
    Line("senders confirm nonsense", fails=True),
    Line("lists create -n Readers -l en", '"name": "Readers"', "list"),
    Line("lists list --filter name==Readers --sort +name -l 5 -p 1", "Readers"),
    Line("lists get %list%", "Readers"),
    Line("lists update %list% -n 'Dear readers'", "Dear readers"),
    Line("lists accept-policy %list%", "Policy accepted"),
)

PEOPLE = (
    Line("attributes create %list% -n city -t text", "Custom attribute created: city"),
    Line("attributes list %list%", "city"),
    Line("attributes get %list% city", "text"),
    Line("interests create %list% -n sailing", "created"),
    Line("interests list %list% --with-count", "sailing"),
    Line("interests get %list% sailing", "sailing"),
    Line("interests update %list% sailing -n rowing", "rowing"),
    Line("tags create -n vip", "created"),
    Line("tags list --with-count", "vip"),
    Line("tags show vip", "vip"),
    Line("tags update vip -n gold", "gold"),
    Line(
        "contacts add %list% -e ada@example.com --first-name Ada --last-name Love "
        '-d \'{"city": "Rome"}\'',
        "Contact added: ",
        "contact",
    ),
    Line("contacts add -e bo@example.com", "Auto-detected list", "second"),
    Line("contacts list %list% -q ada --sort +email --filter status==active", "ada@example.com"),
    Line("contacts list", "bo@example.com"),
    Line("contacts get %list% %contact%", "Rome"),
    Line("contacts update %list% %contact% --last-name Lovelace", "updated"),
    Line("contacts tag %list% %contact% -t gold", "tagged"),
    Line("contacts untag %list% %contact% -t gold"),
    Line("contacts tag-bulk %list% -c %contact%,%second% -t gold,silver", "tagged 2 contacts"),
    Line("contacts untag-bulk %list% -c %contact%,%second% -t silver", "untagged 2 contacts"),
    Line("contacts add-interests %list% -i rowing -c %contact%,%second%", "Interests added"),
    Line("contacts remove-interests %list% -i rowing -c %second%", "Interests removed"),
    Line("contacts export %list% --status active", "Export completed", "export"),
    Line("contacts export %list% --no-wait", "Export ID: "),
    Line("contacts exports %list%", "ready"),
    Line("contacts export-get %list% %export%", "ready"),
    Line("contacts export-download %list% %export%", "Export downloaded"),
    Line("contacts export-delete %list% %export%", "deleted"),
    Line(
        'segments create %list% -n Romans -c \'{"match": "all", "rules": '
        '[{"field": "city", "operator": "equals", "value": "Rome"}]}\'',
        "Romans",
        "segment",
    ),
    Line("segments list %list%", "Romans"),
    Line("segments get %list% %segment%", "Romans"),
    Line("segments update %list% %segment% -n 'Old Romans'", "Old Romans"),
    Line("segments contacts %list% %segment%", "ada@example.com"),
)

WRITING = (
    Line(
        "templates create -n Letter --html '<p>Hello</p>' --text Hello --subject Hi --tags a,b",
        "Template created: ",
        "template",
    ),
    Line("templates list -s +name", "Letter"),
    Line("templates get %template%", "Letter"),
    Line("templates update %template% -n 'Long letter'", "updated"),
    Line("templates render %template%", "Hello"),
    Line("campaigns create -n May -l %list% -s %sender% --subject Ahoy", "May", "campaign"),
    Line("campaigns create -n June", "Auto-detected sender", "second_campaign"),
    Line("campaigns list", "May"),
    Line("campaigns list --status draft -l 5 --sort -created_on --filter name==May", "May"),
    Line("campaigns get %campaign%", "Ahoy"),
    Line("campaigns update %campaign% -t %template% --subject 'Ahoy there'", "updated"),
    Line("campaigns update %second_campaign% -t %template% --subject Later", "updated"),
    Line("campaigns test %campaign% -e me@harbour.example", "Test email sent"),
    Line("campaigns render %campaign%", "Hello"),
    Line("campaigns render %campaign% -c %contact%", "rendered"),
    Line("campaigns links %campaign%"),
    Line("campaigns revisions %campaign% --with-count"),
    Line("campaigns schedule %second_campaign% -d 2099-01-15T10:00:00Z", "scheduled"),
    Line("campaigns reschedule %second_campaign% -d 2099-01-16T10:00:00Z", "rescheduled"),
    Line("campaigns unschedule %second_campaign%", "unscheduled"),
    Line("campaigns schedule %second_campaign% -d 2099-01-15T10:00:00Z", "scheduled"),
    Line("campaigns cancel %second_campaign%", "canceled"),
    Line("campaigns archive %second_campaign%", "archived"),
    Line("campaigns unarchive %second_campaign%", "unarchived"),
    Line("campaigns suspend %second_campaign%", fails=True),  # nothing of it is under way
    Line("campaigns resume %second_campaign%", fails=True),
    Line("campaigns blueprints", fails=True),  # there are none
    Line("lists forms %list%", fails=True),
    Line("lists form-create %list% -d harbour.example -n Form", fails=True),
    Line("lists form-delete %list% nonsense", fails=True),
)

#: After the campaign was sent, and read.
READING = (
    Line("reports campaign %campaign%", "unique_opens"),
    Line("reports campaign-links %campaign%"),
    Line("reports list %list%"),
    Line("reports account"),
    Line("reports emails"),
    Line("reports emails-summary"),
    Line("reports export-campaigns", "Export completed", "report_export"),
    Line("reports campaigns-exports", "ready"),
    Line("reports campaigns-export %report_export%", "ready"),
    Line("reports download-campaigns-export %report_export%", "Export downloaded"),
    Line("reports delete-campaigns-export %report_export%", "deleted"),
    Line("logs campaign %campaign% --with-count --sort +time", "ada@example.com"),
    Line("logs campaign %campaign% --filter type==open"),
    Line("logs list %list%"),
    Line("logs campaign-export %campaign% --description Opens", "created", "log_export"),
    Line("logs campaign-export-download %campaign% %log_export%", "retrieved"),
    Line("logs list-export %list%", "created", "list_log_export"),
    Line("logs list-export-download %list% %list_log_export%", "retrieved"),
    Line(
        "emails send -t cy@example.com -s Parcel --html '<p>On its way</p>' "
        "--tags parcel,shop --tracking",
        "Email submitted: ",
        "email",
    ),
    Line("emails get %email%", "cy@example.com"),
    Line("emails render %email%", "On its way"),
    Line("emails logs", "Parcel"),
    Line("emails tags", "parcel"),
    Line("reports transactional-emails", "sent_emails"),
    Line("suppressed add gone@example.com", "added"),
    Line("suppressed list", "gone@example.com"),
    Line("suppressed export", "created", "suppressed_export"),
    Line("suppressed exports"),
    Line("suppressed export-get %suppressed_export%"),
    Line("suppressed export-download %suppressed_export%", "Export downloaded"),
    Line("suppressed export-delete %suppressed_export%", "deleted"),
    Line("suppressed delete gone@example.com", "removed"),
    Line(
        "webhooks create -u https://shop.example/hook -e email.sent,email.opened -n Shop",
        "Webhook created: ",
        "webhook",
    ),
    Line("webhooks list", "https://shop.example/hook"),
    Line("webhooks get %webhook%", "https://shop.example/hook"),
    Line("webhooks update %webhook% -u https://shop.example/other", "updated"),
    Line("webhooks archive %webhook%", "archived"),
    Line("webhooks unarchive %webhook%", "unarchived"),
    Line(
        "transactional-templates create %list% -n Code -s 'Your code' "
        "--html '<p>Code {{code}}</p>'",
        "created",
        "mail_template",
    ),
    Line("transactional-templates list %list%", "Code"),
    Line("transactional-templates show %list% %mail_template%", "Your code"),
    Line("transactional-templates update %list% %mail_template% -s 'A code'", "updated"),
    Line(
        "transactional-templates send %list% %mail_template% -e di@example.com "
        '--variables \'{"code": "7"}\'',
        "sent",
    ),
    Line(
        "transactional-templates test %list% %mail_template% -e me@example.com", "Test email sent"
    ),
    Line("transactional-templates render %list% %mail_template%", "Code"),
    Line("transactional-templates delete %list% %mail_template%", "deleted"),
)

LEAVING = (
    Line("contacts unsubscribe %list% %second%", "unsubscribed"),
    Line("contacts delete %list% %second%", "deleted"),
    Line("segments delete %list% %segment%", "deleted"),
    Line("interests delete %list% rowing", "deleted"),
    Line("tags delete gold", "deleted"),
    Line("attributes delete %list% city", "deleted"),
    Line("campaigns create -n July -l %list% -s %sender%", "July", "third_campaign"),
    Line("campaigns delete %third_campaign%", "deleted"),
    Line("campaigns get %third_campaign%", fails=True),
    Line("campaigns delete 999999", fails=True),
    Line("templates create -n Scrap --html '<p>x</p>'", "created", "scrap"),
    Line("templates delete %scrap%", "deleted"),
    Line("senders create -n Other -e other@harbour.example", "Sender created: ", "other_sender"),
    Line("senders delete %other_sender%", "deleted"),
    Line("lists create -n Spare", '"name": "Spare"', "spare_list"),
    Line("lists archive %spare_list%", "archived"),
    Line("lists create -n Scrap", '"name": "Scrap"', "scrap_list"),
    Line("lists delete %scrap_list%", "deleted"),
    Line("lists get 999999", fails=True),
)

#: What works without our server: its settings, and switching among accounts of a partner.
LOCAL = frozenset({"account use", "account logout", "config"})
