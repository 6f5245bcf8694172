"""The forms of the dictionary."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.fields.actions import DESCRIPTION_LENGTH_MAX, LABEL_LENGTH_MAX, NAME_LENGTH_MAX
from regulars.fields.pure.types import DECLARABLE
from regulars.fields.words import TYPE_BY_DATA, TYPES


class FieldForm(forms.Form):
    """What a person says about a field."""

    label = forms.CharField(
        label=_("Name people read"),
        required=False,
        max_length=LABEL_LENGTH_MAX,
        help_text=_(
            "Empty shows the name it comes with. Segments keep working when you change it."
        ),
    )
    declared_type = forms.ChoiceField(
        label=_("Read values as"),
        required=False,
        choices=[("", TYPE_BY_DATA), *((one, TYPES[one]) for one in DECLARABLE)],
        help_text=_("The builder of segments then offers what fits this type."),
    )
    description = forms.CharField(
        label=_("What it means"),
        required=False,
        max_length=DESCRIPTION_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_hidden = forms.BooleanField(
        label=_("Hide it"),
        required=False,
        help_text=_("It is no longer offered anywhere. Its values stay, and so do segments."),
    )


class NewFieldForm(FieldForm):
    """An attribute that does not exist yet."""

    name = forms.CharField(
        label=_("Name in files and calls"),
        max_length=NAME_LENGTH_MAX,
        help_text=_("As the heading of a column or the key of a trait will spell it."),
    )
    field_order = ("name", "label", "declared_type", "description", "is_hidden")
