"""Liquid templates of strangers, rendered with limits so that none can loop, grow or reach out.

The library limits nesting, loops and output. What it leaves open is closed here: scanning time,
ranges, filters that multiply text, the clock, and the total number of steps of one rendering.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Undefined
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import (
    LiquidError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.token import TOKEN_CONTENT, Token
from liquid.utils import ReadOnlyChainMap

from regulars.kernel.errors import Invalid

SOURCE_CHARS_MAX = 200_000
TAGS_MAX = 2_000
LOOP_ROUNDS_MAX = 1_000
OUTPUT_BYTES_MAX = 1_000_000
NAMESPACE_BYTES_MAX = 2_000
CONTEXT_DEPTH_MAX = 30
NESTING_MAX = 30
STEPS_MAX = 50_000
VALUE_CHARS_MAX = 100_000
CHARS_PER_STEP = 100
INTEGER_BITS_MAX = 256
DATE_FORMAT_CHARS_MAX = 60
DIGITS_MAX = 12
# A shorter fixed text is rendered with what surrounds it.
FIXED_CHARS_MIN = 100

Data = Mapping[str, object]

# What a filter of the library may raise when it is given values it was not written for.
_FILTER_FAILURES = (
    RecursionError,
    ValueError,
    ArithmeticError,
    TypeError,
    LookupError,
    AttributeError,
)


class TemplateInvalid(Invalid):
    """The template cannot be read or goes beyond what one message may do."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The finished text and the names it asked for that the data did not have."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template read once; `render` may be called for any number of customers."""

    template: BoundTemplate
    names: frozenset[str]

    def render(self, data: Data) -> Rendered:
        """The text for this data.

        data    nested mappings and lists of plain values; `now` is the time for dates
        raises  TemplateInvalid when a limit is reached or a filter cannot do its work
        """
        text, context = _run(self.template, data)
        return Rendered(text, tuple(dict.fromkeys(context.missing)))

    def stretched(self, seam: re.Pattern[str], *, is_whole: bool = False) -> Stretched:
        """The template taken apart into fixed texts and the stretches between them.

        seam      empty where a text may be cut
        is_whole  cut nowhere: one stretch is everything
        """
        nodes, environment = self.template.nodes, self.template.env
        if is_whole:
            return Stretched(_Template(environment, [_Gap(""), *nodes, _Gap("")]), ("", ""))
        cutter = _Cutter(seam)
        for number, node in enumerate(nodes, 1):
            if isinstance(node, ContentNode):
                cutter.cut(node.text, is_last=number == len(nodes))
            else:
                cutter.keep(node)
        remaining, fixed = cutter.finished()
        return Stretched(_Template(environment, remaining), fixed)


@dataclass(frozen=True, slots=True)
class Stretched:
    """A template whose fixed texts are known beforehand; only the rest is rendered.

    fixed  one more than there are stretches; either end may be empty
    """

    template: BoundTemplate
    fixed: tuple[str, ...]

    def render(self, data: Data) -> tuple[list[str], tuple[str, ...]]:
        """The stretches for this data, and the names it did not have; as Compiled.render."""
        text, context = _run(self.template, data)
        places = context.places
        stretches = [text[start:end] for start, end in pairwise(places)]
        return stretches, tuple(dict.fromkeys(context.missing))


def _run(template: BoundTemplate, data: Data) -> tuple[str, _Context]:
    context = _Context(template, globals=data)
    buffer = template._get_buffer()
    try:
        template.render_with_context(context, buffer)
    except LiquidError as error:
        raise _refusal(error) from error
    except _FILTER_FAILURES as error:
        raise TemplateInvalid(
            "template_failed", "The template could not be finished with this customer's data."
        ) from error
    return buffer.getvalue(), context


def compile_html(source: str) -> Compiled:
    """Read a template of HTML: every value put into it is escaped."""
    return _compile(_HTML, source)


def compile_text(source: str) -> Compiled:
    """Read a template of plain text, a subject for example: values are put in as they are."""
    return _compile(_TEXT, source)


def try_out(compiled: Compiled) -> None:
    """Nothing, unless the template goes beyond its limits even without a customer.

    raises  TemplateInvalid(template_limit)
    """
    try:
        compiled.render({})
    except TemplateInvalid as error:
        # Other failures come from the missing data and say nothing about the template.
        if error.code == "template_limit":
            raise


def _compile(environment: Environment, source: str) -> Compiled:
    _check_source(source)
    try:
        template = environment.from_string(source)
        _bound_ranges(template)
        names = frozenset(
            ".".join(str(segment) for segment in variable.segments)
            for variables in template.analyze().globals.values()
            for variable in variables
        )
    except LiquidError as error:
        raise _refusal(error) from error
    except RecursionError as error:
        raise TemplateInvalid("template_too_deep", "The template is nested too deeply.") from error
    return Compiled(template, names)


def _refusal(error: LiquidError) -> TemplateInvalid:
    token = error.token
    line = token.source.count("\n", 0, token.start_index) + 1 if token is not None else 0
    where = f" (line {line})" if line else ""
    code, lead = "template_syntax", "The template has a mistake"
    if isinstance(error, ResourceLimitError):
        code, lead = "template_limit", "The template asks for too much"
    message = f"{lead}: {error.message}{where}."
    return TemplateInvalid(code, message, line=line, detail=error.message)


_OPENERS = re.compile(r"\{\{|\{%")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_END_RAW = re.compile(r"\{%-?\s{0,9}endraw\s{0,9}-?%\}")


def _check_source(source: str) -> None:
    """Refuse, in linear time, text over which the library's scanner would take minutes."""
    if len(source) > SOURCE_CHARS_MAX:
        message = f"The template is longer than {SOURCE_CHARS_MAX} characters; shorten it."
        raise TemplateInvalid("template_too_long", message)
    position, tags = 0, 0
    while (opener := _OPENERS.search(source, position)) is not None:
        tags += 1
        position = _after_tag(source, opener)
        if tags > TAGS_MAX:
            message = f"The template has more than {TAGS_MAX} tags; use fewer."
            raise TemplateInvalid("template_too_long", message)


def _after_tag(source: str, opener: re.Match[str]) -> int:
    if (raw := _RAW.match(source, opener.start())) is not None:
        end_raw = _END_RAW.search(source, raw.end())
        if end_raw is None:
            raise _unclosed(source, opener.start(), "{% raw %}")
        return end_raw.end()
    closer = "}}" if opener.group() == "{{" else "%}"
    end = source.find(closer, opener.end())
    if end < 0 or _OPENERS.search(source, opener.end(), end) is not None:
        raise _unclosed(source, opener.start(), opener.group())
    return end + len(closer)


def _unclosed(source: str, position: int, tag: str) -> TemplateInvalid:
    line = source.count("\n", 0, position) + 1
    message = f"A {tag} on line {line} is never closed."
    return TemplateInvalid("template_open", message, line=line, detail=tag)


class _Missing(Undefined):
    """A name without a value: prints nothing and is noted when it would have been printed."""

    __slots__ = ("sink",)

    def __init__(self, name: str, sink: list[str]) -> None:
        super().__init__(name)
        self.sink = sink

    def __str__(self) -> str:
        self.sink.append(self.name)
        return ""


class _Context(RenderContext):
    """One rendering: counts its steps, knows no clock, sees only mappings and lists."""

    __slots__ = ("missing", "places", "steps")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        self.steps = 0
        self.places: list[int] = []
        self.missing: list[str] = []
        super().__init__(template, **options)
        # The library's chain also holds `now` and `today` read from the clock; ours come as data.
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    # Every node asks for this before it renders itself, so each rendered node is one step.
    @property
    def disabled_tags(self) -> list[str]:
        self.spend(1)
        return []

    @disabled_tags.setter
    def disabled_tags(self, _value: list[str]) -> None:
        return

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > STEPS_MAX:
            raise ResourceLimitError("too many steps", token=None)

    def get(self, path: list[object], **options: Any) -> object:
        self.spend(1)
        found = super().get(path, **options)
        if found is None or isinstance(found, Undefined):
            return _Missing(".".join(str(segment) for segment in path), self.missing)
        return found

    def get_item(self, obj: Any, key: Any) -> Any:
        # The plain classes first: to ask about an abstract one takes ten times as long.
        if not isinstance(obj, (dict, list, tuple, str, range, Mapping)):
            raise TypeError("only mappings and lists have parts")
        return super().get_item(obj, key)

    # A reversed loop is laid out as a list before the library looks at its length; the stop
    # index is reported just before that.
    def stopindex(self, key: str, index: int | None = None) -> int:
        if index is not None and index > LOOP_ROUNDS_MAX:
            raise LoopIterationLimitError("loop iteration limit reached", token=None)
        return super().stopindex(key, index)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        return _bounded(self, name, super().filter(name, token))


def _bounded(context: _Context, name: str, call: Callable[..., object]) -> Callable[..., object]:
    """The filter with its cost counted and its input and result held to VALUE_CHARS_MAX."""

    def bounded(*args: object, **options: object) -> object:
        weight = sum(_weight(value) for value in (*args, *options.values()))
        context.spend(1 + weight // CHARS_PER_STEP)
        growth = _GROWTH.get(name)
        if growth is not None and growth(args) > VALUE_CHARS_MAX:
            raise ResourceLimitError(f"the result of {name} is too long", token=None)
        result = call(*args, **options)
        _weight(result)
        return result

    return bounded


def _weight(value: object, depth: int = 0) -> int:
    """About how many characters the value has; refuses what no message needs."""
    if isinstance(value, str):
        weight = len(value)
    elif isinstance(value, range):
        weight = (abs(value.stop - value.start) // abs(value.step)) * 8
    elif isinstance(value, (list, tuple)) and depth < NESTING_MAX:
        weight = 0
        for item in value:
            weight += 8 + _weight(item, depth + 1)
            if weight > VALUE_CHARS_MAX:
                break
    elif isinstance(value, int):
        weight = 0 if value.bit_length() <= INTEGER_BITS_MAX else VALUE_CHARS_MAX + 1
    else:
        weight = 8
    if weight > VALUE_CHARS_MAX:
        raise ResourceLimitError("a value is too long", token=None)
    return weight


def _replaced_chars(args: tuple[object, ...]) -> int:
    value, sought, put = (str(arg) for arg in (*args, "", "")[:3])
    return len(value) + (len(value) + 1 if not sought else value.count(sought)) * len(put)


def _joined_chars(args: tuple[object, ...]) -> int:
    separator = str(args[1]) if len(args) > 1 else " "
    count = len(args[0]) if isinstance(args[0], (list, tuple, range, str)) else 1
    return count * len(separator)


def _rounded_digits(args: tuple[object, ...]) -> int:
    digits = str(args[1]) if len(args) > 1 else "0"
    is_short = re.fullmatch(r"-?\d{1,2}(\.0+)?", digits) is not None
    return 0 if is_short and abs(float(digits)) <= DIGITS_MAX else VALUE_CHARS_MAX + 1


_GROWTH: dict[str, Callable[[tuple[object, ...]], int]] = {
    "replace": _replaced_chars,
    "join": _joined_chars,
    "round": _rounded_digits,
}


class _Gap(Node):
    """Stands where a fixed text was: weighs as much, and notes its place in what is rendered."""

    __slots__ = ("size",)

    def __init__(self, text: str) -> None:
        super().__init__(Token(TOKEN_CONTENT, "", 0, ""))
        self.size = len(text.encode("utf-8", "replace"))

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, _Context) and isinstance(buffer, LimitedStringIO)
        buffer.size += self.size
        if buffer.size > buffer.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        context.places.append(buffer.tell())
        return 0


class _Cutter:
    """Collects the nodes of a template and takes out its fixed texts."""

    def __init__(self, seam: re.Pattern[str]) -> None:
        self._seam = seam
        self._nodes: list[Node] = [_Gap("")]
        self._fixed: list[str] = [""]

    def keep(self, node: Node) -> None:
        """Add a node that is to be rendered."""
        self._nodes.append(node)

    def cut(self, text: str, *, is_last: bool) -> None:
        """Add a text: what lies between its outermost seams need not be rendered."""
        # The library's buffer knows one kind of line break, so fixed texts do too.
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        is_first = len(self._nodes) == 1
        seams = [found.start() for found in self._seam.finditer(text)]
        start = 0 if is_first else min(seams, default=len(text))
        end = len(text) if is_last else max(seams, default=0)
        if end - start < FIXED_CHARS_MIN:
            self._put(text)
            return
        self._put(text[:start])
        if is_first:
            self._nodes, self._fixed = [], []
        self._nodes.append(_Gap(text[start:end]))
        self._fixed.append(text[start:end])
        self._put(text[end:])

    def finished(self) -> tuple[list[Node], tuple[str, ...]]:
        """The nodes to render and the fixed texts around them."""
        if not isinstance(self._nodes[-1], _Gap):
            self._nodes.append(_Gap(""))
            self._fixed.append("")
        return self._nodes, tuple(self._fixed)

    def _put(self, text: str) -> None:
        if text:
            self._nodes.append(ContentNode(Token(TOKEN_CONTENT, text, 0, ""), text))


class _BoundedRange(RangeLiteral):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        found = super().evaluate(context)
        if found.stop - found.start > LOOP_ROUNDS_MAX:
            raise LoopIterationLimitError("the range is too long", token=self.token)
        return found


def _bound_ranges(template: BoundTemplate) -> None:
    """Make every (a..b) of the template refuse to be longer than a loop may be."""
    static = RenderContext(template)
    for expression in _expressions(template.nodes, static):
        if type(expression) is RangeLiteral:
            expression.__class__ = _BoundedRange


def _expressions(nodes: Iterable[Node], static: RenderContext) -> Iterator[Expression]:
    for node in nodes:
        for expression in node.expressions():
            yield from _with_children(expression)
        yield from _expressions(node.children(static), static)


def _with_children(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in expression.children():
        yield from _with_children(child)


# Width and padding flags ("%900d") make the C library write as much as it is told to.
_PLAIN_FORMAT = re.compile(r"(?:[^%]|%-?[aAbBcdeFHIjmMpSTuUVwWxXyYzZ%])*")


def _date_text(value: object, form: object = "%d.%m.%Y") -> object:
    """A date in the given form; what is not a date is given back unchanged."""
    text = str(form)
    if len(text) > DATE_FORMAT_CHARS_MAX or _PLAIN_FORMAT.fullmatch(text) is None:
        raise ResourceLimitError("the date format is not a plain one", token=None)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    return value.strftime(text) if isinstance(value, (datetime, date)) else value


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = NESTING_MAX
    context_depth_limit = CONTEXT_DEPTH_MAX
    loop_iteration_limit = LOOP_ROUNDS_MAX
    local_namespace_limit = NAMESPACE_BYTES_MAX
    output_stream_limit = OUTPUT_BYTES_MAX


# Other files are out of reach, and values stay escaped unless the template's author says raw text.
_FORBIDDEN_TAGS = ("include", "render")
_FORBIDDEN_FILTERS = ("base64_decode", "base64_url_safe_decode", "safe")


def _environment(*, autoescape: bool) -> Environment:
    environment = _Environment(autoescape=autoescape)
    for tag in _FORBIDDEN_TAGS:
        del environment.tags[tag]
    for name in _FORBIDDEN_FILTERS:
        del environment.filters[name]
    environment.add_filter("date", _date_text)
    return environment


_HTML = _environment(autoescape=True)
_TEXT = _environment(autoescape=False)
