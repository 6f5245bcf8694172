"""Coming in by a one-time code, and going."""

from __future__ import annotations

import re

from django.http import HttpResponse, HttpResponseRedirect

from regulars.kernel.errors import Invalid, Refused
from regulars.portal import actions, words
from regulars.portal.pages import invited
from regulars.portal.pages.door import (
    Visit,
    for_customers,
    forget,
    network_of,
    open_to_all,
    remember,
    remember_language,
)
from regulars.portal.pure.devices import device_of

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{22}\Z")
TYPED_CHARS_MAX = 300


@open_to_all("GET", "HEAD", "POST")
def sign_in(visit: Visit) -> HttpResponse:
    """Where the address is asked for, and the code is asked for by it."""
    if visit.session is not None:
        return visit.lead_to("home")
    if visit.request.method != "POST":
        return visit.page("sign_in", is_out=True)
    typed = visit.request.POST.get("address", "")[:TYPED_CHARS_MAX]
    try:
        challenge = actions.ask_code(
            visit.id, typed, language=visit.language, network=network_of(visit.request)
        )
    except (Invalid, Refused) as error:
        return visit.page("sign_in", 422, typed=typed, fault=words.fault(error))
    return HttpResponseRedirect(f"{visit.url('code')}?asked={challenge}", status=303)


@open_to_all("GET", "HEAD", "POST")
def code(visit: Visit) -> HttpResponse:
    """Where the code is entered. The same page for an address nobody has."""
    given = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    challenge = given.get("asked", "")
    if not CHALLENGE.match(challenge):
        return visit.lead_to("sign_in")
    if visit.request.method != "POST":
        return visit.page("code", challenge=challenge)
    try:
        token = actions.enter_code(
            visit.id,
            challenge,
            given.get("code", ""),
            device=device_of(visit.request.headers.get("User-Agent", "")),
            network=network_of(visit.request),
        )
    except Refused as error:
        return visit.page("code", 422, challenge=challenge, fault=words.fault(error))
    if token is None:
        return visit.page("code", 422, challenge=challenge, fault=words.WRONG_CODE)
    begun = actions.session_of(visit.id, token)
    response = visit.lead_to(
        "home", told=invited.arrived(visit, begun.customer_id) if begun else ""
    )
    remember(visit, response, token)
    invited.drop(visit, response)
    return response


@for_customers("POST")
def sign_out(visit: Visit) -> HttpResponse:
    """Leave on this device, or on every one."""
    assert visit.session is not None
    if visit.request.POST.get("everywhere"):
        actions.end_sessions(visit.id, visit.me.id)
    else:
        actions.end_session(visit.id, visit.me.id, visit.session.public_id)
    response = visit.lead_to("sign_in", told="out")
    forget(visit, response)
    return response


@open_to_all("POST")
def language(visit: Visit) -> HttpResponse:
    """Speak another language from now on, on this device."""
    wanted = visit.request.POST.get("language", "")
    back = visit.request.POST.get("back", "")
    own = visit.url("home")
    is_own = back.startswith(own) and "//" not in back and "\\" not in back
    response = HttpResponseRedirect(back if is_own else own, status=303)
    if wanted in words.LANGUAGES:
        remember_language(visit, response, wanted)
    return response
