from __future__ import annotations

import pickle
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.errors import InvalidInput
from mailwright.mail import merge_language
from mailwright.mail.merge import Escape, Known, check, compile_template, values_for
from mailwright.mail.merge_language import TooMuch

ANA: dict[str, Any] = {
    "email": "ana+news@example.org",
    "first_name": "Ana <3",
    "last_name": None,
    "attributes": {"plan": "R&D", "age": 41, "vip": True, "empty": "", "tags": ["a", "b"]},
}
BUILTINS = {"unsubscribeUrl": "https://m.example/u/1?a=1&b=2", "campaign.name": "May"}


def rendered(source: str, escape: Escape = "text", contact: dict[str, Any] | None = None) -> str:
    values = values_for(ANA if contact is None else contact, BUILTINS)
    return compile_template(source, escape=escape).render(values)


# ---- checking ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "no tags at all { } %",
        '{{ contact.first_name | default: "friend" }} {{ firstName }} {{ first_name | upcase }}',
        "{{unsubscribeUrl}} {{ unsubscribe_url }} {{ viewInBrowserUrl }} {{view_in_browser_url}}",
        "{{ campaign.name }} {{ campaign.subject }} {{ sender.name }} {{ sender.email }}",
        "{{ attributes.plan }} {{ contact.attributes.plan }} {{ attributes['two words'] }}",
        "{% if attributes.vip %}yes{% else %}no{% endif %}",
        "{% for t in attributes.tags %}{{ t }}{{ forloop.index }}{% endfor %}",
        "{% case locale %}{% when 'fr' %}Bonjour{% else %}Hello{% endcase %}",
        "{% comment %} {{ nonsense }} {% endcomment %}{% raw %}{{ x }}{% endraw %}",
        "{{ attributes.tags.size }}{{ email.size }}",
    ],
)
def test_the_language_is_accepted(source: str) -> None:
    assert check(source, where="content") == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Hi\n  {{ contact.frist_name }}", "Line 2, column 6, at {{ contact.frist_name }}: There"),
        ("{{ contact.frist_name }}", "no 'contact.frist_name'. Did you mean 'contact.first_name'?"),
        ("{{ fristName }}", "Did you mean 'firstName'?"),
        ("{{ unsubscribeURL }}", "Did you mean 'unsubscribeUrl'?"),
        ("{{ contact }}", "There is no 'contact'."),
        ("{{ campaign.secret }}", "There is no 'campaign.secret'."),
        ("{{ first_name | upercase }}", "There is no filter 'upercase'. Did you mean 'upcase'?"),
        ("{{ first_name | replace: 'a', 'b' }}", "There is no filter 'replace'."),
        ("{% assign x = 1 %}", "There is no tag 'assign'."),
        ("{% iff x %}", "Did you mean 'if'?"),
        ("a\nb {{ first_name", "Line 2, column 3"),
        ("{% if email %}", "endif"),
        ("{{ }}", "expression"),
        ("{% for i in (1..9) %}{% endfor %}", "Ranges"),
        ("{{ __link_0 }}", "There is no '__link_0'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_place_and_nearest_name(source: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(source, where="subject")
    assert message in caught.value.message
    assert list(caught.value.details) == ["subject"]


def test_a_bare_unknown_word_is_an_error_or_a_warning() -> None:
    with pytest.raises(InvalidInput):
        check("{{ company }}", where="content")
    (warning,) = check("{{ company }}", where="content", strict=False)
    assert "Line 1, column 4" in warning.message
    assert rendered("{{ plan }}-{{ company }}") == "R&D-"
    with pytest.raises(InvalidInput):
        check("{{ company.name }}", where="content", strict=False)


def test_an_unknown_attribute_is_a_warning_when_the_keys_are_known() -> None:
    known = Known(attributes=frozenset({"plan"}))
    (warning,) = check("{{ attributes.paln }}", where="content", known=known)
    assert "Did you mean 'attributes.plan'?" in warning.message
    assert check("{{ attributes.plan }}", where="content", known=known) == []


def test_variables_of_the_caller_can_be_allowed() -> None:
    known = Known(extra=frozenset({"order"}))
    assert check("{{ order.total }}", where="content", known=known) == []


# ---- rendering -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hi {{ contact.first_name }}!", "Hi Ana <3!"),
        ("{{ firstName }}{{first_name}}{{ contact.firstName }}", "Ana <3Ana <3Ana <3"),
        ('{{ last_name | default: "friend" }}', "friend"),
        ("{{ attributes.empty | default: 'none' }}", "none"),
        ("{{ attributes.age }} {{ attributes.vip }} {{ attributes.tags }}", "41 true ab"),
        ("{{ attributes.none.deeper }}{{ email.domain }}|", "|"),
        ("{{ campaign.name }} {{ unsubscribe_url }}", "May https://m.example/u/1?a=1&b=2"),
        ("{% if attributes.vip %}{{ first_name | upcase }}{% endif %}", "ANA <3"),
        ("{% if vip %}{{ plan }}{% endif %}", "R&D"),
        ("{{ '2027-05-01' | date: '%d.%m.%Y' }}", "01.05.2027"),
    ],
)
def test_tags_are_filled_in(source: str, expected: str) -> None:
    assert rendered(source) == expected


@pytest.mark.parametrize("tag", ["{{ first_name }}", "{% if true %}{{ first_name }}{% endif %}"])
def test_values_are_made_safe_for_their_place(tag: str) -> None:
    ana = {**ANA, "first_name": 'A & "B"\r\nX-Evil: 1'}
    assert rendered(tag, "html", ana) == "A &amp; &quot;B&quot;\r\nX-Evil: 1"
    assert rendered(tag, "header", ana) == 'A & "B" X-Evil: 1'
    assert rendered(tag, "url", ana) == "A%20%26%20%22B%22%0D%0AX-Evil%3A%201"
    assert rendered(tag, "text", ana) == ana["first_name"]


def test_literals_in_tags_are_text_in_html_too() -> None:
    assert rendered('{{ last_name | default: "<b>" }}', "html") == "&lt;b&gt;"
    assert rendered('{{ last_name | default: "<b>" | strip }}', "html") == "&lt;b&gt;"
    assert rendered("{{ first_name | escape }}", "html") == "Ana &lt;3"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(
    value=_json,
    default=st.sampled_from(("", ' | default: "friend & co"', " | default: 'x'")),
    name=st.sampled_from(("first_name", "contact.first_name", "attributes.key", "key", "email")),
    escape=st.sampled_from(("html", "text", "header", "url")),
)
def test_the_fast_path_and_liquid_agree(
    value: object, default: str, name: str, escape: Escape
) -> None:
    contact = {"email": "a@b.c", "first_name": value, "attributes": {"key": value}}
    values = values_for(contact, BUILTINS)
    tag = f"<{{{{ {name}{default} }}}}>"
    fast = compile_template(tag, escape=escape).render(values)
    slow = compile_template(tag + "{% if false %}{% endif %}", escape=escape).render(values)
    assert fast == slow


def test_templates_travel_between_processes() -> None:
    for source in ("Hi {{ first_name }}", "{% if email %}Hi{% endif %}"):
        template = pickle.loads(pickle.dumps(compile_template(source, escape="html")))
        assert template.render(values_for(ANA, {})).startswith("Hi")


def test_rendering_copies_no_attributes() -> None:
    attributes = {"key": "x"}
    values = values_for({"attributes": attributes}, {})
    assert values["attributes"] is attributes
    assert values["contact"]["attributes"] is attributes


# ---- attacks -------------------------------------------------------------------------------------


@pytest.mark.checklist("SEC-01")
@pytest.mark.parametrize(
    "source",
    [
        "{{ first_name.__class__.__mro__ }}",
        "{{ attributes.__class__ }}{{ attributes['__init__'].__globals__ }}",
        "{{ contact.attributes.keys }}{{ attributes.pop }}{{ attributes.tags.append }}",
        "{{ attributes.tags.__class__.__base__.__subclasses__ }}",
        "{{ email.upper }}{{ email.format }}{{ email['format'] }}",
        "{% if attributes.keys %}x{% endif %}",
    ],
)
def test_nothing_but_the_data_can_be_reached(source: str) -> None:
    assert rendered(source) == ""


@pytest.mark.checklist("SEC-01")
@pytest.mark.parametrize(
    "source",
    [
        "{% include 'x' %}", "{% render '/etc/passwd' %}", "{{ 'x' | base64_decode }}",
        "{% capture x %}{% endcapture %}", "{% liquid echo 1 %}", "{% cycle 'a' %}",
        "{% tablerow a in b %}x{% endtablerow %}", "{% increment a %}", "{{ x | safe }}",
        "{{ attributes.tags | map: 'x' }}", "{{ attributes.tags | join: 'x' }}",
        "{% extends 'x' %}", "{{ env.SECRET }}", "{{ settings.x }}",
    ],
)  # fmt: skip
def test_tags_filters_and_names_outside_the_list_are_refused(source: str) -> None:
    with pytest.raises(InvalidInput):
        check(source, where="content")


def in_loop(body: str) -> str:
    return "{% for a in l %}" + body + "{% endfor %}"


BOMBS = [
    "{% for i in (1..100000000) reversed %}x{% endfor %}",
    "{% for i in (1..90000) %}{% for j in (1..90000) %}{% endfor %}{% endfor %}",
    in_loop(in_loop(in_loop("{{ a }}"))),
    in_loop("{% if a %}{% endif %}" * 4_000),
    in_loop("{{ big | escape | size }}" * 250),
    in_loop("{{ big | escape | escape | escape | escape | size }}" * 50),
    in_loop("{{ big }}"),
    in_loop("") * 2_000,
    "{{ big " + "| escape " * 3_000 + "}}",
    "{{ 'x' | truncate: 1000000000 }}{{ 1.5 | round: 1000000000 }}{{ '1e9999999' | round }}",
    "{{ '2027-01-01' | date: '%999999999Y' }}",
    "{% if a %}" * 3_000,
    "{{ a" + "[a" * 3_000,
    "{{ a" + ".b" * 30_000 + " }}",
    "{% if " + "a and " * 10_000 + "a %}{% endif %}",
    "{{" * 30_000,
    "{%" * 30_000,
    "{{ x }" * 10_000,
    "{% raw %}" * 7_000,
    "{% comment %}" * 5_000,
    "{{ '" * 15_000,
    "{{ a" + "[" * 30_000 + "a" + "]" * 30_000 + " }}",
    "{{ '" + "x" * 60_000 + " }}",
    "{% case a %}" + "{% when 1 %}" * 5_000 + "{% endcase %}",
]


@pytest.mark.checklist("SEC-01")
@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_bombs_end_within_a_second(bomb: str) -> None:
    values = {"l": [1] * 500, "a": "a", "big": "&" * 60_000}
    started = time.process_time()
    with suppress(InvalidInput):
        assert len(compile_template(bomb, escape="html").render(values)) < 200_000
    assert time.process_time() - started < 1


def test_the_budget_is_per_mail_not_per_process() -> None:
    template = compile_template("{% if a %}{{ a | escape | size }}{% endif %}", escape="text")
    for _ in range(20):
        assert template.render({"a": "&" * 60_000}) == "300000"


def test_a_source_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooMuch):
        merge_language.parse("x" * (merge_language.MAX_SOURCE_CHARACTERS + 1))


@pytest.mark.checklist("SEC-01")
@given(st.text(st.sampled_from("{}%|:.'\" abx_[]()-\n"), max_size=60))
def test_any_source_is_checked_or_rendered_but_never_crashes(source: str) -> None:
    try:
        check(source, where="content", strict=False)
    except InvalidInput:
        return
    assert isinstance(compile_template(source, escape="html").render(values_for({}, {})), str)
