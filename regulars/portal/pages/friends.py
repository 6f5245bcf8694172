"""Inviting a friend: the own link, what both get, how it went; and the page a friend comes to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.loyalty.actions import referrals as actions
from regulars.loyalty.queries import card_pictures
from regulars.loyalty.queries import referrals as queries
from regulars.loyalty.reward_records import PAGE_ROWS, ReferralRecord, ReferralTermsRecord
from regulars.portal import actions as own_actions
from regulars.portal import standing as standings
from regulars.portal import words
from regulars.portal.actions import limits
from regulars.portal.pages import invited
from regulars.portal.pages.door import Visit, for_customers, network_of, open_to_all
from regulars.store.scope import scope

TYPED_CHARS_MAX = 300
CODE_CHARS_MAX = 64
GROUP = 4
TELEGRAM = "https://t.me/share/url"


@for_customers("GET", "HEAD", "POST")
def friends(visit: Visit) -> HttpResponse:
    """The customer's own invitation, and what became of those before; or of the one they had."""
    terms = queries.terms(visit.id)
    if not standings.is_open(visit.id) or not terms.is_open:
        return visit.page("friends", terms=None)
    fault = words.NO_FAULT
    if visit.request.method == "POST":
        try:
            # Counted in any case: nobody tries codes until one fits.
            limits.take(visit.id, limits.ENTERED, visit.me.public_id)
            with scope(visit.id):
                typed = visit.request.POST.get("code", "")[:CODE_CHARS_MAX]
                state = actions.invite(
                    visit.id, typed, visit.me.id, device=invited.device_of(visit)
                ).state
            return visit.lead_to("friends", told="refused" if state == "refused" else "came")
        except (Invalid, Refused, NotFound) as error:
            fault = words.friend_fault(error)
    member = standings.member_of(visit.id, visit.me.id)
    before = visit.request.GET.get("before", "")
    found = queries.of_inviter(
        visit.id, member.id, before=visit.number(before), limit=PAGE_ROWS + 1
    )
    shown = found[:PAGE_ROWS]
    context = {
        **_link(visit, actions.invite_code(visit.id, member.id), terms),
        "terms": terms,
        "currency": standings.currency_name(visit.id, terms.currency),
        "sums": queries.invited(visit.id, member.id),
        "rows": [_told(one) for one in shown],
        "older": shown[-1].id if len(found) > PAGE_ROWS else None,
        "may_come": _may_come(visit),
        "fault": fault,
    }
    return visit.page("friends", 422 if fault else 200, **context)


def _link(visit: Visit, code: str, terms: ReferralTermsRecord) -> dict[str, Any]:
    """The invitation as people pass it on: address, code, words, picture, ways to send it."""
    address = settings.PUBLIC_URL + visit.url("friend", code)
    subject = _("An invitation to %(shop)s") % {"shop": visit.workspace.name}
    text = _("I buy at %(shop)s and invite you: you get points with your first purchase.") % {
        "shop": visit.workspace.name
    }
    if not terms.friend_points:
        text = _("I buy at %(shop)s and invite you.") % {"shop": visit.workspace.name}
    letter = urlencode({"subject": subject, "body": f"{text}\n{address}"}).replace("+", "%20")
    post = urlencode({"url": address, "text": text})
    return {
        "address": address,
        "code": f"{code[:GROUP]}-{code[GROUP:]}",
        "share_title": subject,
        "share_text": text,
        "by_mail": f"mailto:?{letter}",
        "by_telegram": f"{TELEGRAM}?{post}",
        "squares": card_pictures.squares_of(address),
    }


def _told(one: ReferralRecord) -> dict[str, object]:
    text, tone = words.REFERRAL_STATES.get(one.state, (one.state, "neutral"))
    return {"record": one, "state": text, "tone": tone}


def _may_come(visit: Visit) -> bool:
    """Whether the customer may still say who invited them: new, and not said yet."""
    ids = list(customers.whole_person(visit.id, visit.me.id).ids)
    if queries.of_friend(visit.id, ids) is not None:
        return False
    return not any(queries.has_bought(visit.id, one) for one in ids)


@open_to_all("GET", "HEAD", "POST")
def friend(visit: Visit, code: str) -> HttpResponse:
    """What a friend sees who follows the link: what they get, and how they come in."""
    terms = queries.terms(visit.id)
    try:
        inviter_id = queries.inviter_of(visit.id, code[:CODE_CHARS_MAX])
    except NotFound:
        return visit.page("friend", 404, terms=None)
    if not standings.is_open(visit.id) or not terms.is_open:
        return visit.page("friend", terms=None)
    if visit.session is not None:
        return _at_home(visit, code, inviter_id, terms)
    fault, typed = words.NO_FAULT, ""
    if visit.request.method == "POST":
        typed = visit.request.POST.get("address", "")[:TYPED_CHARS_MAX]
        try:
            challenge = own_actions.join(
                visit.id, typed, language=visit.language, network=network_of(visit.request)
            )
        except (Invalid, Refused) as error:
            fault = words.fault(error)
        else:
            response = HttpResponseRedirect(f"{visit.url('code')}?asked={challenge}", status=303)
            invited.keep(visit, response, code)
            return response
    return _page(visit, terms, fault=fault, typed=typed)


def _at_home(visit: Visit, code: str, inviter_id: int, terms: ReferralTermsRecord) -> HttpResponse:
    """Somebody signed in follows a link: their own leads home, a friend's can be accepted."""
    member = standings.member_of(visit.id, visit.me.id)
    if member.id == inviter_id:
        return visit.lead_to("friends")
    if visit.request.method == "POST":
        return visit.lead_to("home", told=invited.accept(visit, visit.me.id, code))
    return _page(visit, terms, may_come=_may_come(visit))


def _page(visit: Visit, terms: ReferralTermsRecord, **context: Any) -> HttpResponse:
    named = standings.currency_name(visit.id, terms.currency)
    status = 422 if context.get("fault") else 200
    return visit.page("friend", status, terms=terms, currency=named, **context)
