"""Tiers: what they ask for, what they give, who has them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from regulars.kernel.errors import NotFound
from regulars.loyalty import programme_words as words
from regulars.loyalty import tier_forms
from regulars.loyalty.pages.programme import save
from regulars.loyalty.pure.programme import FULL
from regulars.loyalty.queries import liability
from regulars.loyalty.queries import programme as queries
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_safe
def tiers(request: HttpRequest) -> HttpResponse:
    """The ladder of tiers, and how it is climbed."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    programme = queries.programme(workspace.id).programme
    counts = liability.by_tier(workspace.id, programme.main.slug)
    context = {
        "sentences": words.tiers(programme.tiers),
        "ladder": [
            {
                "tier": tier,
                "least": words.least(programme.tiers, tier.least, workspace.currency),
                "times": f"{tier.earn / FULL:g}",
                "members": counts.get(tier.slug, (0, 0))[0],
            }
            for tier in programme.tiers.tiers
        ],
        "without": counts.get("", (0, 0))[0],
    }
    return render(request, "loyalty/tiers.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """How tiers are reached and lost."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    found = queries.programme(workspace.id)
    form = tier_forms.TiersForm(found.programme, workspace.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        saved = save(request, workspace, form, form.write, "loyalty:tiers")
        if saved is not None:
            return saved
    context = {"form": form, "version": found.version, "title": form.title, "is_tiers": True}
    return render(
        request, "loyalty/programme_part.html", context, status=422 if form.errors else 200
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tier(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The form of one tier; without a slug a new one. raises NotFound(tier_unknown)"""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    found = queries.programme(workspace.id)
    known = found.programme.tier(slug) if slug else None
    if slug and known is None:
        raise NotFound("tier_unknown", "The programme has no such tier.")
    form = tier_forms.TierForm(slug, found.programme, workspace.currency, request.POST or None)
    if request.method == "POST":
        is_gone = request.POST.get("action") == "delete" and known is not None
        if is_gone or form.is_valid():
            write = form.remove if is_gone else form.write
            saved = save(request, workspace, form, write, "loyalty:tiers")
            if saved is not None:
                return saved
    context = {"form": form, "version": found.version, "tier": known}
    return render(request, "loyalty/tier.html", context, status=422 if form.errors else 200)
