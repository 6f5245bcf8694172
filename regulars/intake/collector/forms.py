"""`/f/<public id>`: the page of a form, and the door its submissions come through.

A submission is on disk before it is answered. What is wrong is told field by field and kept too.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from django.template.loader import render_to_string
from django.utils import translation

from regulars.events import inbox
from regulars.intake import words
from regulars.intake.collector import bodies, http, visitors
from regulars.intake.collector.http import AnswerError, Headers, Receive, Scope, Send
from regulars.intake.collector.link import Link
from regulars.intake.collector.senders import Senders, address_of
from regulars.intake.forms.records import FormField, FormRecord
from regulars.intake.forms.rows import COLUMNS, form_of
from regulars.intake.pure import domains
from regulars.intake.pure import forms as rules
from regulars.intake.pure.forms import Submission
from regulars.intake.submissions import Submitted
from regulars.kernel import clock
from regulars.kernel.buckets import Buckets
from regulars.kernel.errors import Outside, Refused
from regulars.kernel.ids import new_public_id

PREFIX = "/f/"
INBOX_KIND, REFUSED_KIND = "form", "form.refused"
SUBMISSIONS_PER_S, SUBMISSIONS_BURST = 5.0, 50.0
REFUSALS_KEPT_PER_S, REFUSALS_KEPT_BURST = 0.05, 20.0
REMEMBERED_S = 5.0
FORMS_REMEMBERED_MAX = 1_000
PUBLIC_ID_LENGTH_MAX = 40
# The same answers without a token are one submission for so long.
SAME_WITHIN_S = 600
ORIGIN_LENGTH_MAX = 200


class Forms:
    """Shows forms and takes what is sent by them."""

    def __init__(self, conninfo: str, public_url: str) -> None:
        self._link = Link(conninfo)
        self._public_url = public_url
        self._known: dict[str, tuple[FormRecord | None, float]] = {}
        self._buckets = Buckets(SUBMISSIONS_PER_S, SUBMISSIONS_BURST)
        self._senders = Senders()
        self._refusals = Buckets(REFUSALS_KEPT_PER_S, REFUSALS_KEPT_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["method"] == "OPTIONS":
            await http.answer_preflight(send)
            return
        is_json = _wants_json(headers)
        try:
            form = await self._form(scope["path"].removeprefix(PREFIX).rstrip("/"))
            if scope["method"] in ("GET", "HEAD"):
                await self._show(scope, send, form)
                return
            if scope["method"] != "POST":
                raise AnswerError(405, "method_not_allowed", "Use GET or POST.")
            await self._take(scope, receive, send, form)
        except AnswerError as error:
            told = {"code": error.code, "message": error.message}
            await self._tell(send, error.status, told, headers, is_json, error.retry_s)
        except (Refused, Outside) as fault:
            told = {"code": fault.code, "message": fault.message}
            status = 429 if isinstance(fault, Refused) else 503
            await self._tell(send, status, told, headers, is_json)

    async def _form(self, public_id: str) -> FormRecord:
        if len(public_id) > PUBLIC_ID_LENGTH_MAX or not (
            public_id.isascii() and public_id.isprintable()
        ):
            raise AnswerError(404, "form_unknown", "There is no such form, or it is closed.")
        now = clock.monotonic_s()
        found = self._known.get(public_id)
        if found is None or found[1] < now:
            rows = await self._link.ask(
                f"SELECT {COLUMNS} FROM intake_form WHERE public_id = %s AND closed_at IS NULL",
                [public_id],
            )
            if len(self._known) >= FORMS_REMEMBERED_MAX:
                self._known.clear()
            form = form_of(rows[0]) if rows else None
            found = self._known[public_id] = (form, now + REMEMBERED_S)
        if found[0] is None:
            raise AnswerError(404, "form_unknown", "There is no such form, or it is closed.")
        return found[0]

    async def _show(self, scope: Scope, send: Send, form: FormRecord) -> None:
        asked = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))[:20])
        given = {name: value for name, value in asked.items() if name in rules.MARKS}
        headers = dict(scope["headers"])
        referrer = headers.get(b"referer", b"").decode("latin-1")
        given[rules.PAGE] = referrer[: rules.URL_LENGTH_MAX]
        given[rules.TOKEN] = new_public_id()
        given[rules.VISITOR] = visitors.of_request(
            headers, asked.get(rules.VISITOR, ""), now_s=clock.now().timestamp()
        )
        await self._page(send, 200, form, given, {})

    async def _take(self, scope: Scope, receive: Receive, send: Send, form: FormRecord) -> None:
        headers = dict(scope["headers"])
        # Who is stopped here takes nothing of what the form may take from all others.
        address = address_of((scope.get("client") or ("",))[0], headers)
        wait_s = self._senders.wait_s(form.public_id, address)
        wait_s = wait_s or self._buckets.wait_s(form.public_id)
        if wait_s:
            raise AnswerError(
                429, "rate_limited", "This form is sent too often; try again later.",
                retry_s=wait_s,
            )  # fmt: skip
        body = await http.read(receive, headers, bodies.BODY_BYTES_MAX)
        kind = headers.get(b"content-type", b"").decode("latin-1")
        given = bodies.read_values(kind, body)
        # The field is there, though empty, when the page knows better: the visitor said no.
        if rules.VISITOR not in given and visitors.of_cookie(headers):
            given[rules.VISITOR] = visitors.of_cookie(headers)
        submission = rules.read(form, given)
        packed = self._packed(form, given, submission)
        await self._check_origin(form, headers, packed)
        if submission.is_trapped or submission.faults:
            await self._keep(form, packed, "trap" if submission.is_trapped else "faults")
        if submission.faults and not submission.is_trapped:
            await self._complain(send, form, given, submission, headers)
            return
        if not submission.is_trapped:
            await inbox.current().store(
                form.workspace_id, INBOX_KIND, packed, source=form.public_id
            )
        await self._thank(send, form, headers)

    def _packed(self, form: FormRecord, given: dict[str, str], submission: Submission) -> bytes:
        # A page that comes back from the browser's memory has its old token: other answers under
        # it are another submission, or the corrected one would be thanked for and lost.
        slot = submission.token or str(int(clock.now().timestamp()) // SAME_WITHIN_S)
        answers = submission.values if submission.token else given
        said = repr([slot, sorted(answers.items()), submission.is_agreed])
        key = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
        return msgspec.json.encode(Submitted(form=form.public_id, key=key, given=given))

    async def _check_origin(
        self, form: FormRecord, headers: dict[bytes, bytes], packed: bytes
    ) -> None:
        origin = headers.get(b"origin")
        if origin is None or not form.domains:
            return
        told = origin.decode("latin-1")[:ORIGIN_LENGTH_MAX]
        # The form's own page sends with our origin, whichever of our names the visitor used.
        own = headers.get(b"host", b"").decode("latin-1")
        is_own = told.partition("://")[2] == own or told == self._public_url
        if is_own or domains.allows(form.domains, told):
            return
        await self._keep(form, packed, f"origin {told}")
        raise AnswerError(
            403, "origin_refused",
            f"This form is not taken from {told}; add the domain to the form in Regulars.",
        )  # fmt: skip

    async def _keep(self, form: FormRecord, packed: bytes, why: str) -> None:
        if not self._refusals.wait_s(form.public_id):
            # The answer is the same when nothing more fits on the disk.
            with suppress(Refused, Outside):
                await inbox.current().store(
                    form.workspace_id, REFUSED_KIND, packed, source=f"{form.public_id} {why}"
                )

    async def _complain(
        self,
        send: Send,
        form: FormRecord,
        given: dict[str, str],
        submission: Submission,
        headers: dict[bytes, bytes],
    ) -> None:
        with translation.override(form.language):
            faults = {name: words.form_fault(code) for name, code in submission.faults.items()}
            message = words.form_fault("form_invalid")
        if _wants_json(headers):
            told = {"code": "form_invalid", "message": message, "fields": faults}
            await http.respond(send, 422, told, http.cors(headers))
            return
        await self._page(send, 422, form, given, faults)

    async def _thank(self, send: Send, form: FormRecord, headers: dict[bytes, bytes]) -> None:
        if _wants_json(headers):
            told = {"success": True, "message": form.thanks, "redirect": form.redirect_url}
            await http.respond(send, 200, told, http.cors(headers))
        elif address := rules.ascii_address(form.redirect_url):
            await _html(send, 303, "", form, [(b"location", address.encode())])
        else:
            page = await asyncio.to_thread(_render, "intake/form_thanks.html", form, {})
            await _html(send, 200, page, form)

    async def _page(
        self, send: Send, status: int, form: FormRecord, given: dict[str, str],
        faults: dict[str, str],
    ) -> None:  # fmt: skip
        context = {
            "fields": [_shown(one, given, faults) for one in form.fields],
            "faults": faults,
            "hidden": [
                (name, given[name])
                for name in (rules.TOKEN, rules.PAGE, *rules.MARKS)
                if given.get(name)
            ],
            "visitor": (rules.VISITOR, rules.visitor_of(given.get(rules.VISITOR, ""))),
            "trap": rules.TRAP,
            "consent": rules.CONSENT,
            "is_agreed": bool(given.get(rules.CONSENT)),
            "consent_fault": faults.get(rules.CONSENT, ""),
        }
        page = await asyncio.to_thread(_render, "intake/form_page.html", form, context)
        await _html(send, status, page, form)

    async def _tell(
        self,
        send: Send,
        status: int,
        told: dict[str, Any],
        headers: dict[bytes, bytes],
        is_json: bool,
        retry_s: int = 0,
    ) -> None:
        if is_json:
            await http.respond(send, status, told, http.cors(headers), retry_s=retry_s)
            return
        page = await asyncio.to_thread(
            render_to_string, "intake/form_refused.html", {"message": told["message"]}
        )
        wait = str(retry_s or http.RETRY_AFTER_S).encode()
        more = [(b"retry-after", wait)] if status in (429, 503) else []
        await _html(send, status, page, None, more)


def _wants_json(headers: dict[bytes, bytes]) -> bool:
    kind = headers.get(b"content-type", b"").lower()
    return kind.startswith(b"application/json") or b"application/json" in headers.get(
        b"accept", b""
    )


def _shown(one: FormField, given: dict[str, str], faults: dict[str, str]) -> dict[str, Any]:
    return {
        "field": one,
        "value": given.get(one.name, "")[: rules.LONG_LENGTH_MAX],
        "fault": faults.get(one.name, ""),
        "input": {"email": "email", "phone": "tel"}.get(one.type.value, "text"),
        "fills": {"email": "email", "phone": "tel", "name": "name"}.get(one.type.value, "off"),
    }


def _render(template: str, form: FormRecord, context: dict[str, Any]) -> str:
    with translation.override(form.language):
        return render_to_string(template, {"form": form, **context})


def policy_of(form: FormRecord | None) -> str:
    """What the page of a form may do, and on which pages it may be shown."""
    ancestors, targets = "*", "'self'"
    if form is not None and form.domains:
        ancestors = "'self' " + " ".join(f"{d} *.{d}" for d in form.domains)
    if form is not None and (address := rules.ascii_address(form.redirect_url)):
        # A browser counts the address a form leads on to as one it is sent to.
        targets += " " + "/".join(address.split("/")[:3])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        f" form-action {targets}; base-uri 'none'; frame-ancestors {ancestors}"
    )


async def _html(
    send: Send, status: int, page: str, form: FormRecord | None, more: Headers | None = None
) -> None:
    body = page.encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", policy_of(form).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        *(more or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
