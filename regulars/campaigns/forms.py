"""Forms of the composer."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.campaigns.pure.drafts import NAME_CHARS_MAX, SOURCE_CHARS_MAX, SUBJECT_CHARS_MAX
from regulars.campaigns.records import (
    CONTROL_SHARE,
    CONTROL_SHARE_MAX,
    PACE_PER_HOUR_MAX,
    WINDOW_DAYS,
    WINDOW_DAYS_MAX,
)

PERCENT = 100
OWN_RULE = "rule"
SOURCE_ROWS = 24


class RecipientsForm(forms.Form):
    """Who the campaign is for, and how its effect is measured."""

    name = forms.CharField(
        label=_("Name of the campaign"),
        max_length=NAME_CHARS_MAX,
        help_text=_("Only your team sees it."),
    )
    segment = forms.ChoiceField(
        label=_("Recipients"),
        help_text=_("Everyone in the segment at the moment of sending."),
    )
    control_percent = forms.IntegerField(
        label=_("Control group, %"),
        min_value=0,
        max_value=round(CONTROL_SHARE_MAX * PERCENT),
        initial=round(CONTROL_SHARE * PERCENT),
        help_text=_("Customers who get nothing, so that you see what the campaign itself brought."),
    )
    window_days = forms.IntegerField(
        label=_("Count orders for, days"),
        min_value=1,
        max_value=WINDOW_DAYS_MAX,
        initial=WINDOW_DAYS,
        help_text=_("After a click, and after the launch for the comparison with the control."),
    )
    pace_per_hour = forms.IntegerField(
        label=_("Messages an hour"),
        min_value=0,
        max_value=PACE_PER_HOUR_MAX,
        initial=0,
        help_text=_("0 sends as fast as the mail server takes them."),
    )

    topic = forms.ChoiceField(
        label=_("Topic"),
        required=False,
        help_text=_("Customers who left this topic do not get it; others do."),
    )

    def offer_topics(self, choices: list[tuple[str, str]]) -> None:
        """Let one of these topics be chosen, or none."""
        field = self.fields["topic"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """Let one of these segments be chosen."""
        field = self.fields["segment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class MessageForm(forms.Form):
    """What the campaign says; may be saved half-written."""

    subject = forms.CharField(
        label=_("Subject"),
        max_length=SUBJECT_CHARS_MAX,
        required=False,
        help_text=_("Placeholders such as {{ customer.first_name }} work here too."),
    )
    source = forms.CharField(
        label=_("Message: MJML or HTML"),
        max_length=SOURCE_CHARS_MAX,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": SOURCE_ROWS, "class": "code", "spellcheck": "false"}),
    )
    code_series = forms.ChoiceField(
        label=_("Give everyone a code of the series"),
        required=False,
        help_text=_("Each recipient gets a code of their own; {{ loyalty.code }} prints it."),
    )

    def offer_series(self, choices: list[tuple[str, str]]) -> None:
        """Let one of these series be chosen, or none."""
        field = self.fields["code_series"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class TestForm(forms.Form):
    """Where a test copy goes."""

    __test__ = False

    address = forms.EmailField(label=_("Send a test to"))


class SendForm(forms.Form):
    """When the campaign begins."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    at = forms.DateTimeField(
        label=_("Begin at"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Leave it empty to send now. Time of the workspace."),
    )
    count = forms.IntegerField(label=_("Number of receivers"), required=False, min_value=0)


def instant(value: datetime, zone: ZoneInfo) -> datetime:
    """The moment that a form means, whether Django has given it a zone or not."""
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)
