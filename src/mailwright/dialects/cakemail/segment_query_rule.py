"""What Cakemail's segment terms mean in Mailwright's rules.

A term that Mailwright cannot ask is refused by its name; nothing is left out in silence, since that
would write to people who were not meant.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailwright.dialects.cakemail.segment_query import (
    Acted,
    Both,
    Compare,
    Known,
    Native,
    Not,
    Rule,
    Term,
    Value,
    refuse,
)


def rule_of(term: Term, known: Known) -> Rule:
    """The tree as a rule of ours. Raises InvalidInput for what cannot be asked."""
    match term:
        case Both():
            return {"all" if term.every else "any": [rule_of(part, known) for part in term.parts]}
        case Not():
            return {"not": rule_of(term.part, known)}
        case Native():
            return term.rule
        case Acted():
            return _acted(term, known)
        case Compare():
            return _compared(term, known)


_EVENTS = {"sent": "received", "opened": "opened", "clicked": "clicked"}


def _acted(term: Acted, known: Known) -> Rule:
    if term.noun == "link":
        if term.event != "clicked":
            raise refuse(f"A link is clicked or not clicked, not {term.event}.")
        if term.number not in known.links:
            raise refuse(f"There is no link {term.number}.")
        return _leaf("clicked_link", "eq", str(known.links[term.number]))
    if term.number not in known.campaigns:
        raise refuse(f"There is no campaign {term.number}.")
    return _leaf(_EVENTS[term.event], "eq", str(known.campaigns[term.number]))


_STANDINGS = {
    "active": "subscribed",
    "subscribed": "subscribed",
    "pending": "unconfirmed",
    "unsubscribed": "unsubscribed",
}
_TIMES = {
    "registered": "opted_in_at",
    "subscribed_on": "opted_in_at",
    "opted_in_at": "opted_in_at",
    "created_on": "created_at",
    "created_at": "created_at",
}
_ENGAGED = {"last_open_date": "opened", "last_click_date": "clicked", "last_sent_date": "received"}
_TEXTS = {"email": "email", "first_name": "first_name", "last_name": "last_name"}
_LOCALES = ("language", "locale")
#: What a contact of Cakemail has and no rule of ours can ask.
_UNASKED = ("id", "bounce_type", "bounce_count", "bounces_count", "last_bounce_type", "_tags")
_ORDER = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}


def _compared(term: Compare, known: Known) -> Rule:
    name = term.attribute
    if name in _UNASKED:
        raise refuse(f"Segments cannot ask for {name}.")
    if name == "status":
        return _status(term, known)
    if name in ("tag", "tags"):
        if term.op in ("empty", "filled"):
            return _leaf("tag", "exists", term.op == "filled")
        return _labelled(term, _leaf("tag", "eq", str(term.value)))
    if name in ("interest", "interests"):
        return _labelled(term, _interest(str(term.value), known))
    if name in _TIMES:
        return _time(_TIMES[name], term)
    if name in _ENGAGED:
        return _engaged(_ENGAGED[name], term)
    if name in _LOCALES:
        return _text("locale", term)
    if name in _TEXTS:
        return _text(_TEXTS[name], term)
    return _attribute(name.removeprefix("custom_attributes."), term, known)


def _leaf(name: str, op: str, value: object, **more: object) -> Rule:
    return {"field": name, "op": op, "value": value, **more}


def _exists(name: str) -> Rule:
    return _leaf(name, "exists", value=True)


def _negated(rule: Rule, op: str) -> Rule:
    return {"not": rule} if op in ("neq", "unlike", "empty") else rule


def _status(term: Compare, known: Known) -> Rule:
    standing = _STANDINGS.get(str(term.value).lower())
    if standing is None or term.op not in ("eq", "neq"):
        told = ", ".join(_STANDINGS)
        raise refuse(f"A status is (or is not) one of: {told}.")
    on_list = _leaf("list", "eq", str(known.list_uuid))
    consents = _leaf("consent", "eq", standing)
    if standing == "subscribed":
        return _negated({"all": [consents, on_list]}, term.op)
    return _negated({"any": [consents, {"not": on_list}]}, term.op)


def _labelled(term: Compare, rule: Rule) -> Rule:
    if term.op not in ("eq", "neq"):
        raise refuse(f"{term.attribute} can be equal or not equal to a name.")
    return _negated(rule, term.op)


def _interest(name: str, known: Known) -> Rule:
    if name not in known.interests:
        raise refuse(f"The list has no interest {name}.")
    return _leaf("interest", "eq", str(known.interests[name]))


def _time(name: str, term: Compare) -> Rule:
    if term.op in ("empty", "filled"):
        return _leaf(name, "exists", term.op == "filled")
    moment = _moment(term)
    if term.op in _ORDER:
        return _leaf(name, term.op, moment.isoformat())
    if term.op in ("eq", "neq"):  # a day, as people write it
        end = moment + timedelta(days=1 if len(str(term.value)) <= 10 else 0, seconds=1)
        within = [_leaf(name, "gte", moment.isoformat()), _leaf(name, "lt", end.isoformat())]
        return _negated({"all": within}, term.op)
    raise refuse(f"{term.attribute} is a time; compare it with =, <, <=, > or >=.")


def _engaged(event: str, term: Compare) -> Rule:
    if term.op in ("empty", "filled"):
        return _leaf(event, "exists", term.op == "filled")
    since = _leaf(event, "eq", "any", since=_moment(term).isoformat())
    if term.op in ("gt", "gte"):
        return since
    if term.op in ("lt", "lte"):
        return {"all": [_exists(event), {"not": since}]}
    raise refuse(f"{term.attribute} is a time; compare it with <, <=, > or >=.")


def _moment(term: Compare) -> datetime:
    value = term.value
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        return datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise refuse(f"{term.attribute}: {value} is no date such as 2026-05-31.") from None


def _text(name: str, term: Compare) -> Rule:
    if term.op in ("empty", "filled"):
        return _leaf(name, "exists", term.op == "filled")
    if term.op in ("like", "unlike"):
        return _negated(_like(name, str(term.value)), term.op)
    if term.op in ("eq", "neq"):
        value = str(term.value).replace("_", "-") if name == "locale" else str(term.value)
        return _leaf(name, "eq" if term.op == "eq" else "ne", value)
    raise refuse(f"{term.attribute} is a text; it has no {term.op}.")


def _attribute(key: str, term: Compare, known: Known) -> Rule:
    name = f"attributes.{key}"
    if term.op in ("empty", "filled"):
        return _leaf(name, "exists", term.op == "filled")
    if term.op in ("like", "unlike"):
        return _negated(_like(name, str(term.value)), term.op)
    value = _number(term.value) if key in known.numbers else term.value
    if term.op in _ORDER:
        return _leaf(name, term.op, _number(value))
    return _leaf(name, "eq" if term.op == "eq" else "ne", value)


def _number(value: Value) -> Value:
    """A number that was written as a text; any other value as it is."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            try:
                found = float(value)
            except ValueError:
                return value
            return found if found == found and abs(found) < 1e18 else value
    return value


def _like(name: str, pattern: str) -> Rule:
    """A pattern with `%` at its start, its end, or both."""
    body = pattern.strip("%")
    if "%" in body:
        raise refuse("A wildcard may stand at the start and at the end of a text, not inside it.")
    starts, ends = pattern.startswith("%"), pattern.endswith("%")
    if not body:
        return _exists(name) if starts else _leaf(name, "eq", "")
    op = {(True, True): "contains", (True, False): "ends_with", (False, True): "starts_with"}
    return _leaf(name, op.get((starts, ends), "eq"), body)
