"""An invitation on its way: kept by the friend's device until they come in."""

from __future__ import annotations

import re

from django.http import HttpResponse

from regulars.kernel.errors import NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import referrals
from regulars.portal.pages.door import Visit, set_cookie
from regulars.store.scope import scope

CODE_COOKIE, DEVICE_COOKIE = "regulars_my_invited", "regulars_my_device"
KEPT_S, DEVICE_KEPT_S = 30 * 86_400, 365 * 86_400
CODE_CHARS_MAX = 64
_DEVICE = re.compile(r"[A-Za-z0-9_-]{22}")


def keep(visit: Visit, response: HttpResponse, code: str) -> None:
    """Let the device remember whose invitation it followed, and itself: one device, one friend."""
    set_cookie(visit, response, CODE_COOKIE, code[:CODE_CHARS_MAX], KEPT_S, is_hidden=True)
    own = visit.request.COOKIES.get(DEVICE_COOKIE, "")
    device = own if _DEVICE.fullmatch(own) else new_public_id()
    set_cookie(visit, response, DEVICE_COOKIE, device, DEVICE_KEPT_S, is_hidden=True)


def device_of(visit: Visit) -> str:
    """How this device is told from others among friends; empty before it kept an invitation."""
    own = visit.request.COOKIES.get(DEVICE_COOKIE, "")
    return f"account:{own}" if _DEVICE.fullmatch(own) else ""


def arrived(visit: Visit, customer_id: int) -> str:
    """Whoever has just signed in comes by the invitation their device kept; what they are told."""
    code = visit.request.COOKIES.get(CODE_COOKIE, "")[:CODE_CHARS_MAX]
    return accept(visit, customer_id, code) if code else ""


def drop(visit: Visit, response: HttpResponse) -> None:
    """Let the device forget the invitation, which is answered now."""
    if CODE_COOKIE in visit.request.COOKIES:
        set_cookie(visit, response, CODE_COOKIE, "", 0, is_hidden=True)


def accept(visit: Visit, customer_id: int, code: str) -> str:
    """The customer came by this code; what they are told of it. An old code is no fault."""
    try:
        with scope(visit.id):
            made = referrals.invite(visit.id, code, customer_id, device=device_of(visit))
    except (NotFound, Refused):
        return "refused"
    return "refused" if made.state == "refused" else "came"
