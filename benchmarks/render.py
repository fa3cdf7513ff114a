"""How long one mail takes to render: `python -m benchmarks.render`. Prints a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mailwright.mail.html import render_document
from mailwright.mail.markdown import from_markdown
from mailwright.mail.merge import compile_template, values_for
from mailwright.mail.message import MailContent, Recipient, compile_mail
from mailwright.mail.plain_text import from_document

NEWSLETTER = Path(__file__).parent.parent / "examples" / "newsletter.md"
ROUNDS = 2_000
CONTACT = {"email": "ana@example.org", "first_name": "Ana", "attributes": {"plan": "gold"}}


def content(extra: str = "") -> MailContent:
    """The sample newsletter with ten tags, at least eight links and both kinds of tracking."""
    more = "".join(
        f"\n\n{{{{ attributes.plan }}}} [offer {i}](https://example.org/offers/{i}?from=mail)"
        for i in range(6)
    )
    document = from_markdown(NEWSLETTER.read_text(encoding="utf-8") + more + extra)
    return MailContent(
        subject="Slow mornings, {{ first_name }}",
        from_name="Hazel & Rye",
        from_email="news@example.org",
        text=from_document(document),
        html=render_document(document, preheader=None),
        preheader="The first rhubarb is here",
        tracking_opens=True,
        tracking_clicks=True,
        marketing=True,
        list_id="<a1b2.lists.example.org>",
        feedback_id="c1:t1:campaign:mailwright",
    )


def tracked(number: int, address: str) -> str:
    """An address as long as the real tracked ones."""
    return f"https://mail.example.org/c/{number:02}{'x' * 80}{len(address)}"


def recipient() -> Recipient:
    """Ana, with addresses of the usual length."""
    token = "https://mail.example.org/u/" + "x" * 60
    return Recipient(
        email="ana@example.org",
        display_name="Ana",
        values=values_for(CONTACT, {}),
        message_id="m.0123456789abcdef@example.org",
        date=datetime.now(UTC),
        unsubscribe_url=token,
        view_url=token,
        boundary="=_0123456789",
        open_url=token,
        link_url=tracked,
    )


def microseconds(call: Callable[[], object]) -> float:
    """The best of five runs, per call."""
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(ROUNDS // 5):
            call()
        best = min(best, (time.perf_counter() - started) / (ROUNDS // 5))
    return best * 1e6


def main() -> None:
    """Measures and prints."""
    plain, logic = compile_mail(content()), compile_mail(content("\n\n{% if email %}x{% endif %}"))
    ana = recipient()
    html = compile_template(content().html or "", escape="html")
    rows = [
        ("values of one contact", microseconds(lambda: values_for(CONTACT, {}))),
        ("HTML template, plain tags", microseconds(lambda: html.render(ana.values))),
        ("whole mail, plain tags", microseconds(lambda: plain.render(ana))),
        ("whole mail, with Liquid logic", microseconds(lambda: logic.render(ana))),
    ]
    print(f"{len(plain.render(ana))} bytes a mail, {len(plain.links)} links\n")
    for name, cost in rows:
        print(f"{name:32}{cost:10.1f} µs")


if __name__ == "__main__":
    main()
