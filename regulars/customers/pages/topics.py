"""What marketing may be about, and the words customers agree to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import actions, queries, words
from regulars.customers.actions.topics import (
    NAME_LENGTH_MAX,
    VERSION_LENGTH_MAX,
    WORDS_LENGTH_MAX,
)
from regulars.customers.pure.wishes import TOPIC_KEY_LENGTH_MAX
from regulars.customers.queries.topics import LANGUAGES
from regulars.kernel.errors import RegularsError
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right


@login_required
@require_GET
def topics(request: HttpRequest) -> HttpResponse:
    """Topics and consent texts, with forms to add some."""
    return _page(request, {})


def _page(request: HttpRequest, given: dict[str, Any], *, status: int = 200) -> HttpResponse:
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    language = translation.get_language() or ""
    names = dict(settings.LANGUAGES)
    context = {
        "topics": [
            (topic, topic.name_in(language), [(names[code], topic.names.get(code, ""), code)
                                              for code in LANGUAGES])
            for topic in queries.topics(workspace.id, with_archived=True)
        ],
        "languages": [(code, names[code]) for code in LANGUAGES],
        "texts": queries.consent_texts(workspace.id),
        "may_edit": may(request, Right.CAMPAIGNS_EDIT),
        "name_max": NAME_LENGTH_MAX,
        "key_max": TOPIC_KEY_LENGTH_MAX,
        "version_max": VERSION_LENGTH_MAX,
        "words_max": WORDS_LENGTH_MAX,
        **given,
    }  # fmt: skip
    return render(request, "customers/topics.html", context, status=status)


@login_required
@require_POST
def save_topic(request: HttpRequest) -> HttpResponse:
    """Make a topic, or name one anew."""
    workspace = workspace_of(request, Right.CAMPAIGNS_EDIT)
    names = {code: request.POST.get(f"name-{code}", "") for code in LANGUAGES}
    key = request.POST.get("key", "")
    try:
        actions.save_topic(workspace.id, key, names)
    except RegularsError as error:
        given = {"key": key, **{f"name_{code}": name for code, name in names.items()}}
        return _page(request, {"fault": words.wish_fault(error), "given": given}, status=422)
    messages.success(request, _("The topic is saved; readers see it on their page at once."))
    return redirect("customers:topics")


@login_required
@require_POST
def archive_topic(request: HttpRequest) -> HttpResponse:
    """Offer a topic no more."""
    workspace = workspace_of(request, Right.CAMPAIGNS_EDIT)
    actions.archive_topic(workspace.id, request.POST.get("key", ""))
    messages.success(request, _("The topic is offered no more; what people said stays."))
    return redirect("customers:topics")


@login_required
@require_POST
def add_text(request: HttpRequest) -> HttpResponse:
    """Keep the words behind a version."""
    workspace = workspace_of(request, Right.CAMPAIGNS_EDIT)
    version, text = request.POST.get("version", ""), request.POST.get("words", "")
    try:
        actions.add_consent_text(workspace.id, version, text, actor=member_of(request).email)
    except RegularsError as error:
        given = {"version": version, "words": text}
        return _page(request, {"text_fault": words.wish_fault(error), "given": given}, status=422)
    messages.success(request, _("The text is kept."))
    return redirect("customers:topics")
