"""What members enter: letters, the mail server, addresses of tests."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.messaging.actions.senders import CONNECTIONS_MAX
from regulars.messaging.actions.templates import NAME_CHARS_MAX
from regulars.messaging.adapters.smtp.client import Security
from regulars.messaging.pure.mime import SUBJECT_CHARS_MAX
from regulars.messaging.pure.rendering import SOURCE_CHARS_MAX

SOURCE_ROWS, TEXT_ROWS = 22, 8
CODE = {"class": "code", "spellcheck": "false", "autocapitalize": "off"}


class TemplateForm(forms.Form):
    """A letter."""

    name = forms.CharField(label=_("Name of the template"), max_length=NAME_CHARS_MAX)
    subject = forms.CharField(
        label=_("Subject"),
        max_length=SUBJECT_CHARS_MAX,
        help_text=_("Placeholders such as {{ customer.first_name }} work here too."),
    )
    source = forms.CharField(
        label=_("Letter: MJML or HTML with Liquid"),
        max_length=SOURCE_CHARS_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": SOURCE_ROWS, **CODE}),
    )
    text = forms.CharField(
        label=_("Text part"),
        max_length=SOURCE_CHARS_MAX,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": TEXT_ROWS, **CODE}),
        help_text=_("Left empty, it is taken from the letter."),
    )


class SenderForm(forms.Form):
    """The mail server and the name letters come from."""

    from_name = forms.CharField(label=_("Name letters come from"), max_length=200, required=False)
    from_address = forms.CharField(label=_("Address letters come from"), max_length=254)
    reply_to = forms.CharField(
        label=_("Answers go to"),
        max_length=254,
        required=False,
        help_text=_("Left empty, to the address letters come from."),
    )
    host = forms.CharField(
        label=_("Mail server"), max_length=253, help_text=_("Such as smtp.example.com.")
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=587)
    security = forms.ChoiceField(
        label=_("Protection"),
        choices=[
            (Security.STARTTLS.value, _("STARTTLS, usual with port 587")),
            (Security.TLS.value, _("TLS, usual with port 465")),
            (Security.NONE.value, _("None: only inside your own network")),
        ],
    )
    username = forms.CharField(label=_("User name"), max_length=254, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    bounce_domain = forms.CharField(
        label=_("Domain of returned letters"),
        max_length=253,
        required=False,
        help_text=_("Its MX record must lead to this installation; ask its operator."),
    )
    connections_max = forms.IntegerField(
        label=_("Connections at a time"), min_value=1, max_value=CONNECTIONS_MAX, initial=8
    )
    is_enabled = forms.BooleanField(
        label=_("Let letters leave"),
        required=False,
        initial=True,
        help_text=_("Switched off, everything waits."),
    )

    def __init__(self, *args: Any, has_password: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_password:
            self.fields["password"].help_text = _("Left empty, the stored one stays.")


class TestAddressForm(forms.Form):
    """Where a test goes."""

    __test__ = False

    address = forms.EmailField(label=_("Address of the test"))
