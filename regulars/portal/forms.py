"""Forms of the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.customers.records import Profile
from regulars.kernel import clock
from regulars.portal.words import LANGUAGES

NAME_CHARS_MAX = 100
YEARS_MAX = 120


class ProfileForm(forms.Form):
    """What customers say of themselves; addresses are changed by the shop, which checks them."""

    first_name = forms.CharField(label=_("First name"), required=False, max_length=NAME_CHARS_MAX)
    last_name = forms.CharField(label=_("Last name"), required=False, max_length=NAME_CHARS_MAX)
    birth_on = forms.DateField(
        label=_("Birthday"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Can be given once; the shop changes it."),
    )
    city = forms.CharField(label=_("City"), required=False, max_length=NAME_CHARS_MAX)

    def __init__(self, profile: Profile, data: Mapping[str, Any] | None = None) -> None:
        names = ("first_name", "last_name", "birth_on", "city")
        super().__init__(data, initial={name: getattr(profile, name) for name in names})
        if profile.birth_on is not None:
            # Gifts depend on it, so it is not moved to whenever one is wanted.
            self.fields["birth_on"].disabled = True
        for name, words in (
            ("first_name", "given-name"), ("last_name", "family-name"), ("birth_on", "bday"),
            ("city", "address-level2"),
        ):  # fmt: skip
            self.fields[name].widget.attrs |= {"class": "control", "autocomplete": words}

    def clean_birth_on(self) -> object:
        """A day that a living person may have been born on."""
        given = self.cleaned_data["birth_on"]
        if given is not None:
            age = clock.now().date().year - given.year
            if given > clock.now().date() or age > YEARS_MAX:
                raise forms.ValidationError(_("Write the day you were born."))
        return given

    def changes(self) -> dict[str, Any]:
        """What is to be written."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class SettingsForm(forms.Form):
    """Whether the account is open, and which sites may show it."""

    is_open = forms.BooleanField(
        label=_("Customers may sign in to an account of their own"), required=False
    )
    origins = forms.CharField(
        label=_("Sites that may show the account in a frame"),
        required=False,
        widget=forms.Textarea(attrs={"class": "control", "rows": 3}),
        help_text=_("One a line, such as https://shop.example. Leave empty when there are none."),
        max_length=5_000,
    )


LANGUAGE_CHOICES = [*LANGUAGES.items()]
