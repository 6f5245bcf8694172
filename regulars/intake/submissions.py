"""What becomes of a form that was sent: a customer, a lead, a question, an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from regulars.customers import actions as customers
from regulars.customers import queries as people
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.claims import InboxRow
from regulars.events.records import NewEvent, Origin
from regulars.intake.forms import actions as form_actions
from regulars.intake.forms import queries
from regulars.intake.forms.records import FieldType, FormKind, FormRecord
from regulars.intake.pure import context, touch
from regulars.intake.pure import forms as rules
from regulars.intake.pure.forms import Submission
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Refused, RegularsError
from regulars.messaging import actions as messaging
from regulars.orders import actions as orders
from regulars.orders.records import NewLead

COMMENT_LENGTH_MAX = 5_000


class Submitted(msgspec.Struct, frozen=True):
    """A submission as it waits in the inbox: everything that was sent, under a key of its own."""

    form: str
    key: str
    given: dict[str, str]


_submitted = msgspec.json.Decoder(Submitted)


def take(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Submissions become what their forms are for; what cannot is kept with its reason."""
    for row in rows:
        try:
            submitted = _submitted.decode(row.body)
            form = queries.form(workspace_id, submitted.form)
            _take(workspace_id, row, submitted, form)
        except (msgspec.DecodeError, NotFound) as error:
            code = error.code if isinstance(error, NotFound) else "form_malformed"
            _keep(workspace_id, row, code, "")


def keep_refused(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Submissions that were answered with a refusal wait among the failed events.

    The row's source is the form's public id and why; a replay reads the form as it is then.
    """
    for row in rows:
        _, _, why = row.source.partition(" ")
        word, _, detail = why.partition(" ")
        reasons = {"trap": "form_trap", "faults": "form_invalid", "origin": "origin_refused"}
        if word == "faults":
            detail = _faults_of(workspace_id, row)
        _keep(workspace_id, row, reasons.get(word, "form_invalid"), detail)


def _take(workspace_id: int, row: InboxRow, submitted: Submitted, form: FormRecord) -> None:
    submission = rules.read(form, submitted.given)
    if submission.faults:
        _keep(workspace_id, row, "form_invalid", _told(submission))
        return
    identity, fault = _readable(workspace_id, _identity(form, submission))
    if identity is None:
        _keep(workspace_id, row, fault, "")
        return
    if not events.mark_seen(workspace_id, [(_source(form), submitted.key)])[0]:
        return
    origin = Origin.REPLAY if row.is_replay else Origin.LIVE
    # Nobody proved to be who the form says, so it is believed no more than a browser.
    (customer_id,) = customers.identify_many(workspace_id, [identity], origin=origin, source="site")
    event = NewEvent(
        kind="form.submitted",
        time=row.received_at,
        key=submitted.key,
        customer_id=customer_id,
        subject_id=form.id,
        props=_props(form, submission),
        origin=origin,
        source=_source(form),
    )
    events.append(workspace_id, [event])
    form_actions.note_submission(workspace_id, form.id, row.received_at)
    if form.kind in (FormKind.LEAD, FormKind.ORDER):
        _take_lead(workspace_id, customer_id, form, submission, submitted.key, origin)
    if submission.is_agreed and identity.email and origin is Origin.REPLAY:
        # Played again by hand: the visitor is long gone and expects no letter.
        replayed = Refused("submission_replayed", "A submission played again asks nobody.")
        _note_unasked(workspace_id, customer_id, form, submitted.key, replayed)
    elif submission.is_agreed and identity.email:
        _ask(workspace_id, customer_id, form, identity.email, submitted.key)


def _take_lead(
    workspace_id: int,
    customer_id: int,
    form: FormRecord,
    submission: Submission,
    key: str,
    origin: Origin,
) -> None:
    told = _by_type(form, submission)
    known = (FieldType.NAME, FieldType.EMAIL, FieldType.PHONE)
    answers = [
        f"{one.label}: {submission.values[one.name]}"
        for one in form.fields
        if one.type not in known and one.name in submission.values
    ]
    lead = NewLead(
        source=f"form:{form.name}"[:60],
        customer_id=customer_id,
        name=told.get(FieldType.NAME, "")[:200],
        phone=told.get(FieldType.PHONE, "")[:40],
        email=told.get(FieldType.EMAIL, "")[:254],
        comment="\n".join(answers)[:COMMENT_LENGTH_MAX],
        items=((form.product_sku, None, 1, None),) if form.product_sku else (),
        page_url=context.clean_url(submission.page),
        utm={name: value[:200] for name, value in submission.marks.items()},
    )
    orders.take_lead(workspace_id, lead, key=f"{_source(form)}:{key}"[:200], origin=origin)


def _ask(workspace_id: int, customer_id: int, form: FormRecord, email: str, key: str) -> None:
    try:
        messaging.ask_double_opt_in(
            workspace_id,
            customer_id,
            channel="email",
            address=email,
            purpose=f"marketing:{form.topic}" if form.topic else "marketing",
            text_version=form.text_version,
            source=f"form:{form.public_id}",
            key=f"{_source(form)}:{key}"[:200],
        )
    except Refused as error:
        # Asked often enough already, or the address is somebody else's by now: the customer and
        # the lead count, and the owner sees why no letter went.
        _note_unasked(workspace_id, customer_id, form, key, error)


def _note_unasked(
    workspace_id: int, customer_id: int, form: FormRecord, key: str, error: RegularsError
) -> None:
    events.record(
        workspace_id,
        NewEvent(
            kind="form.not_asked",
            time=clock.now(),
            key=f"{key}:not_asked",
            customer_id=customer_id,
            subject_id=form.id,
            props={"form": form.name, "reason": error.code},
            source=_source(form),
        ),
    )


def _identity(form: FormRecord, submission: Submission) -> Identity:
    told = _by_type(form, submission)
    name = told.get(FieldType.NAME)
    return Identity(
        email=told.get(FieldType.EMAIL),
        phone=told.get(FieldType.PHONE),
        anonymous_id=submission.visitor or None,
        traits={"name": name} if name else {},
    )


def _readable(workspace_id: int, identity: Identity) -> tuple[Identity | None, str]:
    """The identity without what passed the first look and is no address or number."""
    (fault,) = people.identity_faults(workspace_id, [identity])
    if fault is None:
        return identity, ""
    for one in (
        replace(identity, phone=None),
        replace(identity, email=None),
    ):
        if (one.email or one.phone) and people.identity_faults(workspace_id, [one]) == [None]:
            return one, ""
    return None, fault


def _by_type(form: FormRecord, submission: Submission) -> dict[FieldType, str]:
    return {
        one.type: submission.values[one.name]
        for one in form.fields
        if one.name in submission.values and one.type in rules.ALWAYS_ONE
    }


def _props(form: FormRecord, submission: Submission) -> Mapping[str, Any]:
    marks = submission.marks
    campaign = {
        name: marks[f"utm_{utm}"]
        for name, utm in (("name", "campaign"), ("source", "source"), ("medium", "medium"),
                          ("term", "term"), ("content", "content"))
        if marks.get(f"utm_{utm}")
    }  # fmt: skip
    came, _ = touch.derive(campaign, marks, "")
    personal = {one.name for one in form.fields if one.type in rules.ALWAYS_ONE}
    told = {
        "form": form.public_id,
        "name": form.name,
        "kind": form.kind.value,
        "answers": {k: v for k, v in submission.values.items() if k not in personal},
        "is_agreed": submission.is_agreed,
        "text_version": form.text_version if submission.is_agreed else "",
        "page": context.without_query(submission.page),
        "source": came.source,
        "medium": came.medium,
        "campaign": came.campaign,
    }
    return {key: value for key, value in told.items() if value not in ("", {})}


def _faults_of(workspace_id: int, row: InboxRow) -> str:
    try:
        submitted = _submitted.decode(row.body)
        form = queries.form(workspace_id, submitted.form)
    except (msgspec.DecodeError, NotFound):
        return ""
    return _told(rules.read(form, submitted.given))


def _told(submission: Submission) -> str:
    return ", ".join(f"{name}: {code}" for name, code in submission.faults.items())


def _source(form: FormRecord) -> str:
    return f"form:{form.public_id}"


def _keep(workspace_id: int, row: InboxRow, reason: str, detail: str) -> None:
    events.keep_failed(
        workspace_id,
        source=row.source.partition(" ")[0],
        inbox_kind="form",
        received_at=row.received_at,
        stage="form",
        rejects=[(reason, detail, row.body)],
    )
