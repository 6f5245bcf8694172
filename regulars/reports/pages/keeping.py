"""One click makes a segment of a class, a cell, a stage or a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.analytics.rfm import FIFTHS
from regulars.kernel.errors import NotFound
from regulars.reports import words
from regulars.reports.pure import people
from regulars.segments import actions
from regulars.value import queries as value
from regulars.value.records import CLASS_LABELS, STAGE_LABELS
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right

Named = tuple[str, people.Rule]
CELLS = {f"{r}-{f}": (r, f) for r in range(1, FIFTHS + 1) for f in range(1, FIFTHS + 1)}


@login_required
@require_POST
def keep_segment(request: HttpRequest) -> HttpResponse:
    """The segment of what was pressed; pressed again, the same one."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    kind, of = request.POST.get("kind", ""), request.POST.get("value", "")
    if kind not in MAKERS:
        raise NotFound("group_unknown", _("There is no such group."))
    name, rule = MAKERS[kind](workspace.id, of)
    digest = hashlib.sha256(f"{name}{people.text_of(rule)}".encode()).hexdigest()[:16]
    made = actions.create_segment(
        workspace.id,
        name=name,
        rule=rule,
        key=f"value:{get_language()}:{digest}",
        actor=str(request.user.pk),
    )
    messages.success(request, _("“%(name)s” is a segment now.") % {"name": made.name})
    return redirect("segments:segment", made.public_id)


def _class(_workspace_id: int, name: str) -> Named:
    if name not in CLASS_LABELS:
        raise NotFound("group_unknown", _("There is no such group."))
    return _("RFM: %(class)s") % {"class": CLASS_LABELS[name]}, people.rule_of_class(name)


def _cell(_workspace_id: int, cell: str) -> Named:
    if cell not in CELLS:
        raise NotFound("group_unknown", _("There is no such group."))
    r, f = CELLS[cell]
    return _("RFM: recency %(r)s, frequency %(f)s") % {"r": r, "f": f}, people.rule_of_cell(r, f)


def _stage(_workspace_id: int, name: str) -> Named:
    if name not in STAGE_LABELS:
        raise NotFound("group_unknown", _("There is no such group."))
    return _("Stage: %(stage)s") % {"stage": STAGE_LABELS[name]}, people.rule_of_stage(name)


def _cluster(workspace_id: int, slug: str) -> Named:
    found = value.cluster(workspace_id, slug)
    described = words.cluster_text(found.profile)
    return _("Like the cluster: %(described)s") % {"described": described}, dict(found.rule)


MAKERS: dict[str, Callable[[int, str], Named]] = {
    "class": _class,
    "cell": _cell,
    "stage": _stage,
    "cluster": _cluster,
}
