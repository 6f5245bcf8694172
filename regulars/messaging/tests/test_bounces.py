from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.messaging.pure.bounces import Kind, Report, kind_of_status, read_report
from regulars.messaging.pure.openings import is_human_click, is_human_open

DSN = """From: MAILER-DAEMON@mx.example
To: b-token@bounce.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX"

--XX
Content-Type: text/plain

This is the mail system.
--XX
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Fri, 1 May 2026 12:00:00 +0000

Final-Recipient: rfc822; mira@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--XX
Content-Type: {original}

Message-ID: <abc.7@bakery.example>
Subject: Hello

--XX--
"""

ARF = """From: <fbl@isp.example>
To: <abuse@bakery.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="YY"

--YY
Content-Type: text/plain

This is an email abuse report.
--YY
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--YY
Content-Type: message/rfc822

From: <shop@bakery.example>
Message-ID: <abc.7@bakery.example>
Subject: Hello

Hi
--YY--
"""


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind"),
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", Kind.HARD),
        ("failed", "5.0.0", "550 no such user here", Kind.HARD),
        ("failed", "5.2.2", "552 mailbox full", Kind.SOFT),
        ("failed", "5.7.1", "554 blocked by policy", Kind.SOFT),
        ("failed", "4.4.7", "delivery time expired", Kind.SOFT),
        ("delayed", "4.2.0", "greylisted", Kind.DELAYED),
        ("relayed", "2.0.0", "ok", Kind.UNKNOWN),
    ],
)
def test_a_delivery_report_is_sorted(
    action: str, status: str, diagnostic: str, kind: Kind, original: str
) -> None:
    raw = DSN.format(action=action, status=status, diagnostic=diagnostic, original=original)

    for text in (raw, raw.replace("\n", "\r\n")):
        report = read_report(text.encode())

        assert report.kind is kind
        assert report.message_id == "abc.7@bakery.example"


def test_a_complaint_names_the_letter_it_is_about() -> None:
    assert read_report(ARF.encode()) == Report(Kind.COMPLAINT, "", "abc.7@bakery.example")


def test_prose_and_automatic_answers_are_told_apart() -> None:
    prose = "From: d@mx\nSubject: failure\n\n<mira@example.com>: 550 5.1.1 mailbox not found\n"
    away = "From: m@x\nAuto-Submitted: auto-replied\nSubject: away\n\nI am away, unknown user\n"

    assert read_report(prose.encode()) == Report(Kind.HARD, "5.1.1", "")
    assert read_report(away.encode()).kind is Kind.AUTO_REPLY
    assert read_report(b"From: m@x\n\nThanks for the bread!\n").kind is Kind.UNKNOWN


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, len(DSN)))
def test_no_bytes_make_the_reader_fail(noise: bytes, position: int) -> None:
    raw = DSN.format(action="failed", status="5.1.1", diagnostic="x", original="message/rfc822")
    torn = raw.encode()[:position] + noise + raw.encode()[position:]

    assert read_report(torn).kind in Kind
    assert read_report(noise).kind in Kind


def test_only_an_address_that_is_gone_is_hard() -> None:
    gone = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
    passing = {"5.2.2", "5.3.0", "5.4.4", "5.5.0", "5.7.1", "4.1.1"}

    hard = {status for status in gone | passing if kind_of_status(status) is Kind.HARD}

    assert hard == gone


def test_machines_that_look_at_mail_are_not_people() -> None:
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"

    assert is_human_open(method="GET", user_agent=phone)
    assert not is_human_open(method="GET", user_agent="")
    assert not is_human_open(method="GET", user_agent="Mozilla/5.0")
    gmail = (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    )
    assert not is_human_open(method="GET", user_agent=gmail)
    assert not is_human_open(method="HEAD", user_agent=phone)
    assert is_human_click(method="GET", user_agent=phone, age_s=60.0)
    assert is_human_click(method="GET", user_agent=phone, age_s=None)
    assert not is_human_click(method="GET", user_agent=phone, age_s=1.0)
    assert not is_human_click(method="HEAD", user_agent=phone, age_s=60.0)
    assert not is_human_click(method="GET", user_agent="python-requests/2.3", age_s=60.0)
    assert not is_human_click(method="GET", user_agent="", age_s=60.0)
