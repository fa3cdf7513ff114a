"""The merge language: Liquid with most of it taken away, so that tenants can be trusted with it.

What is left: output, `if`/`unless`/`case`, `for` over a contact's own lists, `comment`, `raw`, and
fifteen filters. There is no assignment, no include, no range and no way to reach anything but the
dicts, lists, strings, numbers and booleans of the values given.

Three limits are Liquid's own (iterations, output, namespace). They do not bound the work: filters
chained inside loops can cost minutes without writing a byte. So parsing also bounds what stands
inside loops, and each rendering has a budget of work that filters and outputs draw on.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from io import StringIO
from typing import Any, TextIO, cast

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string

TAGS = frozenset({"if", "unless", "case", "for", "break", "continue", "comment", "#"})
_PARTS = frozenset(
    {"content", "output", "illegal"}
)  # Liquid's own names for text, {{ }} and errors
FILTERS = frozenset(
    {"default", "upcase", "downcase", "capitalize", "date", "escape", "strip", "truncate"}
    | {"round", "plus", "minus", "size", "first", "last", "url_encode"}
)

MAX_SOURCE_CHARACTERS = 1_000_000
LOOP_ITERATIONS = 500
NODES_IN_LOOPS = 300  # times the iterations: 150,000 steps, about half a second
FILTERS_IN_A_CHAIN = 10
RAW_BLOCKS = 50
OUTPUT_BYTES = 2_000_000
# One unit is about a nanosecond of work on one character; a call costs 50 before it begins.
WORK_UNITS = 5_000_000
_CALL_UNITS = 50

_DATE_FORMAT = re.compile(r"(?:%[-^0_#]?[A-Za-z%]|[^%]){0,100}")  # `%999999d` would fill memory

_BRACES = re.compile(r"\{\{|\{%|\}\}|%\}")
_CLOSING = {"{{": "}}", "{%": "%}"}

_RAW = re.compile(r"\{%-?\s*(?:raw|comment|doc)\b")  # Liquid's scanner is quadratic in unended ones

_work_left: ContextVar[list[int]] = ContextVar("merge_work_left")


class Exhausted(ResourceLimitError):
    """A template did more work than one mail may cost."""


class TooMuch(Exception):
    """A template holds a construct we refuse; `index` is its place in the source."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


def parse(source: str) -> BoundTemplate:
    """The parsed template. Raises LiquidError for syntax, TooMuch for what we do not allow."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise TooMuch(f"A template has at most {MAX_SOURCE_CHARACTERS} characters.", 0)
    _check_closed(source)
    if len(_RAW.findall(source)) > RAW_BLOCKS:
        raise TooMuch("Too many raw blocks.", 0)
    template = _ENVIRONMENT.from_string(source)
    _check_bounds(template)
    return template


def render(template: BoundTemplate, values: dict[str, Any], clean: Callable[[str], str]) -> str:
    """The text of the template; `clean` makes each value safe for the place where it stands.

    Raises LiquidError, also when a limit is reached.
    """
    token = _work_left.set([WORK_UNITS])
    try:
        context = _Context(template, values, clean)
        buffer = context.get_buffer()
        template.render_with_context(context, buffer)
        return buffer.getvalue()
    except (OverflowError, RecursionError) as error:
        raise LiquidError(str(error), token=None) from error
    finally:
        _work_left.reset(token)


class SafeText(str):
    """Text that a filter has already made safe for HTML."""

    __slots__ = ()


def _spend(units: int) -> None:
    left = _work_left.get()
    left[0] -= units
    if left[0] < 0:
        raise Exhausted("this template does more work than one mail may cost", token=None)


class _Context(RenderContext):
    """A rendering that knows how to make a value safe."""

    def __init__(
        self, template: BoundTemplate, values: dict[str, Any], clean: Callable[[str], str]
    ) -> None:
        super().__init__(template, globals=values)
        self.clean = clean

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        """A buffer for one block, within the limit of the whole, that leaves line ends alone."""
        written = buf.size if isinstance(buf, LimitedStringIO) else 0
        return LimitedStringIO(limit=OUTPUT_BYTES - written, newline="")


class _OutputNode(OutputNode):
    """`{{ … }}`: values and literals are made safe, unless the `escape` filter did it already."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        text = to_liquid_string(value, autoescape=False)
        _spend(_CALL_UNITS + len(text))
        if not isinstance(value, SafeText):
            text = cast("_Context", context).clean(text)
        return buffer.write(text)


class _Output(Output):
    node_class = _OutputNode


class _Environment(Environment):
    loop_iteration_limit = LOOP_ITERATIONS
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = 10_000


def _metered(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def metered(value: object, *arguments: Any, **options: Any) -> Any:
        _spend(_CALL_UNITS + (len(value) if isinstance(value, str) else 0))
        return function(value, *arguments, **options)

    return metered


def _guarded_date(date: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(date)
    def guarded(value: Any, pattern: object, **options: Any) -> Any:
        text = str(pattern)
        if not _DATE_FORMAT.fullmatch(text) or len(str(value)) > 100:
            return "" if value is None else str(value)
        return date(value, text, **options)

    return guarded


def _escape(value: object) -> SafeText:
    return SafeText(html.escape(to_liquid_string(value, autoescape=False)))


def _environment() -> Environment:
    environment = _Environment()
    filters: dict[str, Any] = environment.filters
    filters["date"] = _guarded_date(filters["date"])
    filters["escape"] = _escape
    for name in list(filters):
        if name in FILTERS:
            filters[name] = _metered(filters[name])
        else:
            del filters[name]
    for name in list(environment.tags):
        if name not in TAGS | _PARTS:
            del environment.tags[name]
    environment.add_tag(_Output)
    return environment


_ENVIRONMENT = _environment()


def _check_closed(source: str) -> None:
    """Each tag ends before the next begins: unclosed ones cost Liquid's scanner cubic time."""
    opened: re.Match[str] | None = None
    for mark in _BRACES.finditer(source):
        if mark.group() in _CLOSING:
            if opened is not None:
                raise TooMuch("This tag is never closed.", opened.start())
            opened = mark
        elif opened is not None and _CLOSING[opened.group()] == mark.group():
            opened = None
    if opened is not None:
        raise TooMuch("This tag is never closed.", opened.start())


def _check_bounds(template: BoundTemplate) -> None:
    in_loops = 0
    for node, looped in _nodes(template, template.nodes, looped=False):
        in_loops += looped
        if in_loops > NODES_IN_LOOPS:
            raise TooMuch("Too much stands inside loops.", node.token.start_index)
        for expression in _expressions(node.expressions()):
            if isinstance(expression, RangeLiteral):
                raise TooMuch("Ranges such as (1..9) are not available.", node.token.start_index)
            if (
                isinstance(expression, FilteredExpression)
                and len(expression.filters or ()) > FILTERS_IN_A_CHAIN
            ):
                raise TooMuch("Too many filters in a row.", node.token.start_index)


def _nodes(
    template: BoundTemplate, nodes: Iterable[Node], *, looped: bool
) -> Iterator[tuple[Node, bool]]:
    context = RenderContext(template)
    for node in nodes:
        yield node, looped
        inside = looped or isinstance(node, ForNode)
        yield from _nodes(template, node.children(context, include_partials=False), looped=inside)


def _expressions(expressions: Iterable[Expression]) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        yield from _expressions(expression.children())
