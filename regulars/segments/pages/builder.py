"""The builder: the form is the state, every button sends it and gets it back changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.fields import queries as fields
from regulars.fields.records import FieldRecord
from regulars.kernel import clock, ids
from regulars.kernel.errors import Invalid, Outside, RegularsError
from regulars.kernel.money import minor_digits
from regulars.rules import language as rule_language
from regulars.rules import limits
from regulars.rules import text as rule_text
from regulars.rules.tree import Either, Everyone, Rule
from regulars.segments import actions, faults, queries, registry, shown, suggestions, words
from regulars.segments.offers import Offers, id_of
from regulars.segments.pages.access import actor_of, language, workspace_of
from regulars.segments.pure import past
from regulars.segments.pure.closing import Closed, close
from regulars.segments.pure.drafts import GroupDraft
from regulars.segments.pure.fields import DEFAULTS, copy_of, pressed, root_of, tree_of
from regulars.segments.pure.fixing import fixed
from regulars.segments.pure.opening import open_rule
from regulars.segments.pure.vocabulary import Vocabulary
from regulars.segments.records import NAME_CHARS_MAX, SegmentRecord
from regulars.workspaces.records import Right, WorkspaceRecord

EVERYBODY: Mapping[str, Any] = {"version": 1, "where": {"all": []}}
SAVE, UNDO = "save", "undo"
# The boxes into which a rule may be pasted; each takes the text form and JSON.
PASTED = ("json", "text")


@dataclass(slots=True)
class State:
    """What the form holds between two clicks."""

    draft: GroupDraft
    closed: Closed
    name: str = ""
    description: str = ""
    name_problem: str = ""
    pasted: dict[str, str] = field(default_factory=dict)
    json_problem: str = ""
    problems: dict[str, Any] = field(default_factory=dict)
    past: str = ""

    @property
    def is_whole(self) -> bool:
        """True when nothing that was typed is wrong."""
        return not (self.problems or self.name_problem or self.json_problem)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new segment, empty or from the rule in the address."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    if request.method == "POST":
        return _posted(request, workspace, None)
    state = _opened(workspace, EVERYBODY, "", "")
    if request.GET.get("rule"):
        _take(workspace, state, "json", request.GET["rule"])
    state.name = request.GET.get("name", "")[:NAME_CHARS_MAX]
    return _page(request, workspace, None, state)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """A saved segment in the builder."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    one = queries.segment(workspace.id, public_id)
    if request.method == "POST":
        return _posted(request, workspace, one)
    state = _opened(workspace, one.rule, one.name, one.description)
    return _page(request, workspace, one, state)


@login_required
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """The rule's controls after a button or a list was used."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    state = _sent(request, workspace)
    one = _edited(request, workspace)
    state.problems = {}
    _judge(workspace, one, state)
    context = _context(request, workspace, one, state)
    response = render(request, "segments/parts/rules.html", context)
    response["HX-Trigger-After-Settle"] = "rules-changed"
    return response


@login_required
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many the rule finds now; conditions that are not complete are left out."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    state = _sent(request, workspace)
    context = {**_counted(workspace, state), **_said(workspace, state), "is_live": True}
    return render(request, "segments/parts/audience.html", context)


@login_required
@require_GET
def values(request: HttpRequest) -> HttpResponse:
    """Values that the data offers for a fact, a property or a line's column."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    about = request.GET
    fact = registry.facts().get(about.get("fact", ""))
    if fact is not None and fact.words:
        named = [(one[0], fact.word(one[0], language())) for one in fact.words]
        return render(request, "segments/parts/values.html", {"named": named})
    if about.get("fact"):
        found = suggestions.values_of_fact(workspace.id, about["fact"])
    elif about.get("line"):
        found = suggestions.values_of_line(workspace.id, about["line"])
    else:
        found = suggestions.values_of_property(
            workspace.id, about.get("event", ""), about.get("prop", "")
        )
    return render(request, "segments/parts/values.html", {"values": found})


def _posted(
    request: HttpRequest, workspace: WorkspaceRecord, one: SegmentRecord | None
) -> HttpResponse:
    state = _sent(request, workspace)
    if request.POST.get("do") != SAVE:
        state.problems = {}
        _judge(workspace, one, state)
        return _page(request, workspace, one, state, is_counted=True)
    saved = _saved(request, workspace, one, state) if state.is_whole else None
    if saved is None:
        return _page(request, workspace, one, state, status=422)
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return redirect("segments:segment", saved.public_id)


def _saved(
    request: HttpRequest, workspace: WorkspaceRecord, one: SegmentRecord | None, state: State
) -> SegmentRecord | None:
    name, rule, description = state.name, state.closed.rule, state.description
    try:
        if one is not None:
            return actions.change_segment(
                workspace.id, one.public_id, name=name, rule=rule, description=description
            )
        return actions.create_segment(
            workspace.id,
            name=name,
            rule=rule,
            description=description,
            key=request.POST.get("key", "")[: limits.NAME_CHARS_MAX] or None,
            actor=actor_of(request),
        )
    except Invalid as error:
        _tell(state, error)
        return None


def _tell(state: State, error: RegularsError) -> None:
    """Put a fault where it belongs: at a condition, at the name, or at the whole."""
    if error.code == "segment_name":
        state.name_problem = _("Give the segment a name of up to %(chars)s characters.") % {
            "chars": NAME_CHARS_MAX
        }
        return
    path = str(error.details.get("path", ""))
    state.problems[state.closed.place_of(path) or "n"] = faults.told(error)


def _judge(workspace: WorkspaceRecord, one: SegmentRecord | None, state: State) -> None:
    """Tell at its condition what the workspace's own words do not allow, before anybody saves."""
    try:
        queries.check(workspace.id, state.closed.rule, slug=_slug(one))
    except Invalid as error:
        _tell(state, error)
    # What was pasted wrongly is told as well; what is merely not complete yet is not.
    for place in state.closed.details:
        state.problems.setdefault(place, state.closed.problems[place])


def _sent(request: HttpRequest, workspace: WorkspaceRecord) -> State:
    """The state that the form sends, after the button pressed."""
    fields = [(name, value) for name, value in request.POST.items() if isinstance(value, str)]
    sent = tree_of(fields)
    action = request.POST.get("do", "")
    vocabulary = _vocabulary(workspace)

    def seen(tree: dict[str, Any]) -> GroupDraft:
        return fixed(root_of(tree), vocabulary)

    made = copy_of(sent)
    pressed(made, action)
    steps = past.unpacked(request.POST.get("past", ""))
    if action == UNDO:
        steps = past.taken_back(steps, sent, seen)
        made = steps[-1]
    elif action != "count":
        steps = past.moved(steps, sent, None if action in PASTED else made, seen)
    state = _closed(seen(made), vocabulary)
    state.past = past.packed(steps)
    state.name = request.POST.get("name", "")
    state.description = request.POST.get("description", "")
    state.problems = dict(state.closed.problems)
    if action == SAVE and not 1 <= len(state.name.strip()) <= NAME_CHARS_MAX:
        _tell(state, Invalid("segment_name", ""))
    if action in PASTED:
        _take(workspace, state, action, request.POST.get(action, ""))
    return state


def _opened(
    workspace: WorkspaceRecord, rule: Mapping[str, Any], name: str, description: str
) -> State:
    vocabulary = _vocabulary(workspace)
    state = _closed(open_rule(rule_language.parse(rule), vocabulary), vocabulary)
    state.name, state.description = name, description
    return state


def _closed(root: GroupDraft, vocabulary: Vocabulary) -> State:
    return State(root, close(root, vocabulary))


def _take(workspace: WorkspaceRecord, state: State, box: str, text: str) -> None:
    """Show the rule that was pasted, or keep the text with what is wrong in it."""
    try:
        rule = queries.read_rule(text.encode())
    except Invalid as error:
        state.pasted[box], state.json_problem = text, _unread(error)
        return
    vocabulary = _vocabulary(workspace)
    state.draft = open_rule(rule, vocabulary)
    state.closed = close(state.draft, vocabulary)
    state.problems = {}


def _unread(error: Invalid) -> str:
    """Why a text is no rule, with its line and column where it has them."""
    if "line" not in error.details:
        return faults.told(error)
    return str(words.PROBLEMS["text_bad"]) % {
        name: error.details.get(name, "") for name in ("line", "column", "problem")
    }


def _vocabulary(workspace: WorkspaceRecord) -> Vocabulary:
    return Vocabulary(
        registry.facts(), minor_digits(workspace.currency), _seen(_dictionary(workspace))
    )


def _dictionary(workspace: WorkspaceRecord) -> Mapping[tuple[str, str], FieldRecord]:
    return fields.dictionary(workspace.id)


def _seen(dictionary: Mapping[tuple[str, str], FieldRecord]) -> dict[tuple[str, str], str]:
    return {key: one.settled.type for key, one in dictionary.items() if key[1]}


def _page(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    one: SegmentRecord | None,
    state: State,
    *,
    status: int = 200,
    is_counted: bool = False,
) -> HttpResponse:
    context = _context(request, workspace, one, state)
    context |= _said(workspace, state)
    if is_counted:
        context |= _counted(workspace, state)
    return render(request, "segments/builder.html", context, status=status)


def _context(
    request: HttpRequest, workspace: WorkspaceRecord, one: SegmentRecord | None, state: State
) -> dict[str, Any]:
    builder = shown.Builder(
        _vocabulary(workspace),
        Offers(workspace.id, _slug(one), _dictionary(workspace)),
        state.problems,
        state.closed.details,
    )
    return {
        "segment": one,
        "state": state,
        "root": builder.root(state.draft),
        "months": shown.months(),
        "more": [(kind, label) for kind, label in words.MORE.items() if kind in DEFAULTS],
        "key": request.POST.get("key") or ids.new_public_id(),
        "past": state.past,
    }


def _slug(one: SegmentRecord | None) -> str:
    return one.slug if one else ""


def _edited(request: HttpRequest, workspace: WorkspaceRecord) -> SegmentRecord | None:
    public_id = request.POST.get("segment", "")
    return queries.segment(workspace.id, public_id) if public_id else None


def _counted(workspace: WorkspaceRecord, state: State) -> dict[str, Any]:
    left_out = len(state.closed.problems)
    try:
        found = queries.count(workspace.id, state.closed.rule, clock.now())
    except Invalid as error:
        return {"fault": faults.told(error), "left_out": left_out}
    except Outside as error:
        return {"busy": error.message, "left_out": left_out}
    counted: dict[str, Any] = {"count": found, "left_out": left_out}
    return counted if found.total else {**counted, "strictest": _strictest(workspace, state)}


def _strictest(workspace: WorkspaceRecord, state: State) -> dict[str, Any] | None:
    """The condition without which most people would match, when nobody does."""
    try:
        parts = queries.strictest(workspace.id, state.closed.rule, clock.now())
    except (Invalid, Outside):
        return None
    if not parts:
        return None
    said = queries.phrases(workspace.id, [part.node for part in parts], language())
    told = [
        {
            "said": text,
            "alone": part.alone,
            "total": part.without,
            "id": id_of(state.closed.place_of(part.path)),
        }
        for text, part in zip(said, parts, strict=True)
    ]
    most = max(part.without for part in parts)
    best = next(one for one in told if one["total"] == most)
    return {"parts": told, "best": best if most else None}


def _said(workspace: WorkspaceRecord, state: State) -> dict[str, Any]:
    rule = rule_language.parse(state.closed.rule)
    spelled = {
        "json": json.dumps(state.closed.rule, ensure_ascii=False, indent=2),
        "text": rule_text.write(_unwrapped(rule)),
    }
    try:
        sentence = queries.sentence(workspace.id, state.closed.rule, language())
    except Invalid:
        sentence = ""
    return {"sentence": sentence, **spelled, **state.pasted}


def _unwrapped(rule: Rule) -> Rule:
    """The same rule without the group that the builder puts around a single condition."""
    where = rule.where
    is_one = isinstance(where, Everyone | Either) and len(where.parts) == 1
    return Rule(where.parts[0]) if is_one else rule  # type: ignore[union-attr]
