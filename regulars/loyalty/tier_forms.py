"""Forms of tiers: how they are reached, and each of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.kernel.money import minor_digits
from regulars.loyalty import programme_words as words
from regulars.loyalty.programme_forms import (
    NAME_CHARS_MAX,
    POINTS_MAX,
    SPAN_MAX,
    Part,
    Settings,
    free_slug,
    styled,
)
from regulars.loyalty.pure.programme import FULL, Programme


class TiersForm(Part):
    """How tiers are reached and lost."""

    title = _("How tiers are reached")
    basis = forms.ChoiceField(label=_("Reached by"), choices=[*words.BASES.items()])
    period = forms.ChoiceField(label=_("Counted"), choices=[*words.PERIODS.items()])
    span_number = forms.IntegerField(
        label=_("How many months, when the last ones count"), min_value=1, max_value=120
    )
    starts = forms.ChoiceField(label=_("A new tier begins"), choices=[*words.STARTS.items()])
    keeps = forms.ChoiceField(label=_("A tier is kept"), choices=[*words.KEEPS.items()])
    downgrade = forms.ChoiceField(
        label=_("When it is not confirmed"), choices=[*words.DOWNGRADES.items()]
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace before a tier is lost"), min_value=0, max_value=SPAN_MAX
    )

    def read(self) -> dict[str, Any]:
        one = self.programme.tiers
        months = one.span.number * (12 if one.span.unit == "y" else 1)
        return {
            "basis": one.basis, "period": one.period, "span_number": months,
            "starts": one.starts, "keeps": one.keeps, "downgrade": one.downgrade,
            "grace_days": one.grace_days,
        }  # fmt: skip

    def write(self, settings: Settings) -> None:
        given = dict(self.cleaned_data)
        months = given.pop("span_number")
        (settings.setdefault("tiers", {}) or settings["tiers"]).update(given, span=f"{months}mo")


class TierForm(forms.Form):
    """One tier."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARS_MAX)
    least = forms.DecimalField(
        label=_("From"), min_value=Decimal(0), max_value=POINTS_MAX,
        help_text=_("In money, points or purchases, as tiers are reached; 0 for the first."),
    )  # fmt: skip
    discount = forms.DecimalField(
        label=_("Discount, %"), min_value=Decimal(0), max_value=Decimal(100), decimal_places=2,
        required=False,
    )  # fmt: skip
    earn = forms.DecimalField(
        label=_("Points count how many times"), min_value=Decimal(0), max_value=Decimal(100),
        decimal_places=2, required=False, initial=Decimal(1),
    )  # fmt: skip
    burn_share = forms.DecimalField(
        label=_("Points pay at most of a purchase, %"), min_value=Decimal(0),
        max_value=Decimal(100), decimal_places=2, required=False,
        help_text=_("Empty: as the programme says."),
    )  # fmt: skip
    benefits = forms.CharField(
        label=_("What it gives besides, one a line"), required=False, max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self,
        slug: str,
        programme: Programme,
        currency: str,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.slug, self.programme, self.currency = slug, programme, currency
        super().__init__(data, initial=self._read())
        styled(self)

    @property
    def _scale(self) -> int:
        """How many of what is stored make one of what is typed."""
        basis = self.programme.tiers.basis
        if basis == "spend":
            return int(10 ** minor_digits(self.currency))
        return 1 if basis == "orders" else 100

    def _read(self) -> dict[str, Any]:
        one = self.programme.tier(self.slug)
        if one is None:
            return {"earn": Decimal(1)}
        return {
            "name": one.name,
            "least": (Decimal(one.least) / self._scale).normalize() + 0,
            "discount": Decimal(one.discount).scaleb(-2).normalize() + 0,
            "earn": (Decimal(one.earn) / FULL).normalize() + 0,
            "burn_share": None
            if one.burn_share is None
            else Decimal(one.burn_share).scaleb(-2).normalize() + 0,
            "benefits": "\n".join(one.benefits),
        }

    def write(self, settings: Settings) -> None:
        """Put the tier into the settings; tiers stand in the order of what they ask for."""
        given = self.cleaned_data
        tiers: list[Settings] = settings.setdefault("tiers", {}).setdefault("tiers", [])
        found = next((one for one in tiers if one.get("slug") == self.slug), None)
        if found is None:
            found = {"slug": free_slug(given["name"], {one.get("slug") for one in tiers})}
            tiers.append(found)
        found.update(
            name=given["name"],
            least=int(given["least"] * self._scale),
            discount=f"{(given['discount'] or Decimal(0)).normalize():f}",
            earn=f"{(given['earn'] if given['earn'] is not None else Decimal(1)).normalize():f}",
            benefits=[line.strip() for line in given["benefits"].splitlines() if line.strip()],
        )
        found.pop("burn_share", None)
        if given["burn_share"] is not None:
            found["burn_share"] = f"{given['burn_share'].normalize():f}"
        tiers.sort(key=lambda one: int(one.get("least", 0)))

    def remove(self, settings: Settings) -> None:
        """Take the tier out of the settings."""
        tiers = settings.get("tiers") or {}
        tiers["tiers"] = [one for one in tiers.get("tiers", []) if one.get("slug") != self.slug]
