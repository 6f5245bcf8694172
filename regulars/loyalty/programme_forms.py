"""Forms of the programme: each reads one part of the settings and writes it back as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from regulars.kernel.money import minor_digits, to_minor
from regulars.loyalty import programme_words as words
from regulars.loyalty.pure.programme import EarnRule, Programme, Span
from regulars.loyalty.pure.programme_reading import DEFAULT_SETTINGS, EXPIRING_DAYS_MAX

Settings = dict[str, Any]
NAME_CHARS_MAX = 60
STANDARD = "standard"
UNITS = [("d", _("days")), ("w", _("weeks")), ("mo", _("months")), ("y", _("years"))]
POINTS_MAX = Decimal(10**9)
SPAN_MAX = 3_660


def stored(settings: Mapping[str, Any]) -> Settings:
    """A copy of the settings to change; the beginning where nothing was settled."""
    return deepcopy(dict(settings)) or deepcopy(dict(DEFAULT_SETTINGS))


def main_of(settings: Settings) -> Settings:
    """The main currency among the settings."""
    found: list[Settings] = settings.setdefault("currencies", []) or []
    if not found:
        found.append({"slug": "points", "name": "Points", "is_main": True})
        settings["currencies"] = found
    return next((one for one in found if one.get("is_main")), found[0])


def terms_of(settings: Settings) -> Settings:
    """The terms of the main currency, made where there are none."""
    main = main_of(settings)
    name = main.setdefault("terms", STANDARD) or STANDARD
    main["terms"] = name
    terms: Settings = settings.setdefault("terms", {}).setdefault(name, {})
    return terms


def hundredths(amount: Decimal | None) -> int:
    """Points as they are kept."""
    return int((amount or Decimal(0)) * 100)


def whole(amount: int) -> Decimal:
    """Points as they are typed."""
    return Decimal(amount).scaleb(-2).normalize() + 0


def typed_money(minor: int, currency: str) -> Decimal:
    """Money as it is typed."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def styled(form: forms.Form) -> None:
    """Let the fields look as fields do everywhere."""
    for field in form.fields.values():
        if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
            field.widget.attrs.setdefault("class", "control")


def _points_field(label: Any, *, least: str = "0", required: bool = True, hint: Any = "") -> Any:
    return forms.DecimalField(
        label=label, min_value=Decimal(least), max_value=POINTS_MAX, decimal_places=2,
        required=required, help_text=hint,
    )  # fmt: skip


class Part(forms.Form):
    """One part of the programme."""

    title: ClassVar[str | Promise] = ""

    def __init__(
        self, programme: Programme, currency: str, data: Mapping[str, Any] | None = None
    ) -> None:
        self.programme, self.currency = programme, currency
        super().__init__(data, initial=self.read())
        styled(self)

    def read(self) -> dict[str, Any]:
        """The values the form begins with."""
        raise NotImplementedError

    def write(self, settings: Settings) -> None:
        """Put what was typed into the settings."""
        raise NotImplementedError


class PointsForm(Part):
    """What points are called, and the limits around them."""

    title = _("Points")
    name = forms.CharField(label=_("What points are called"), max_length=NAME_CHARS_MAX)
    balance_max = _points_field(
        _("Most points a member may have"), required=False, hint=_("0: as many as they earn.")
    )
    approval = _points_field(
        _("From how many points on a change by hand needs a second person"), required=False
    )

    def read(self) -> dict[str, Any]:
        main = self.programme.main
        return {
            "name": main.name,
            "balance_max": whole(main.balance_max),
            "approval": whole(self.programme.holding.approval_points),
        }

    def write(self, settings: Settings) -> None:
        given, main = self.cleaned_data, main_of(settings)
        main["name"] = given["name"]
        main["balance_max"] = hundredths(given["balance_max"])
        settings.setdefault("holding", {})["approval_points"] = hundredths(given["approval"])


class WaitingForm(Part):
    """When points begin to count, and when they burn."""

    title = _("When points count and when they burn")
    pending = forms.ChoiceField(
        label=_("Earned points can be spent"),
        choices=[
            ("immediate", _("at once")),
            ("period", _("after some time")),
            ("dates", _("from the next of these days on")),
            ("event", _("once something happened")),
        ],
    )
    pending_number = forms.IntegerField(
        label=_("After how long"), min_value=0, max_value=SPAN_MAX, required=False
    )
    pending_unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False)
    pending_dates = forms.CharField(
        label=_("Days"), required=False, max_length=200,
        help_text=_("Month and day, separated by commas: 01-01, 07-01."),
    )  # fmt: skip
    pending_event = forms.CharField(
        label=_("Event"), required=False, max_length=100,
        help_text=_("For example the delivery of an order, by the name of its event."),
    )  # fmt: skip
    expiry = forms.ChoiceField(
        label=_("Points burn"),
        choices=[
            ("never", _("never")),
            ("rolling", _("when they are not spent in time")),
            ("calendar", _("on the next of these days")),
            ("inactivity", _("when the customer does nothing for long")),
        ],
    )
    expiry_number = forms.IntegerField(
        label=_("Within how long"), min_value=0, max_value=SPAN_MAX, required=False
    )
    expiry_unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False)
    expiry_dates = forms.CharField(
        label=_("Days"), required=False, max_length=200,
        help_text=_("Month and day, separated by commas: 12-31."),
    )  # fmt: skip
    expiring_days = forms.IntegerField(
        label=_("Days before points burn on which members are told"),
        min_value=1, max_value=EXPIRING_DAYS_MAX, required=False,
        help_text=_("On that day the event “Points are about to burn” happens; segments can ask "
                    "for it."),
    )  # fmt: skip

    def read(self) -> dict[str, Any]:
        terms = self.programme.terms_of("", self.programme.main.slug)
        pending, expiry = terms.pending, terms.expiry
        return {
            "pending": pending.kind,
            **_span("pending", pending.span),
            "pending_dates": ", ".join(f"{d.month:02}-{d.day:02}" for d in pending.dates),
            "pending_event": pending.event,
            "expiry": expiry.kind,
            **_span("expiry", expiry.span if expiry.span.number else Span(12, "mo")),
            "expiry_dates": ", ".join(f"{d.month:02}-{d.day:02}" for d in expiry.dates),
            "expiring_days": self.programme.expiring_days,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needs = {
            "pending_number": given.get("pending") == "period",
            "pending_dates": given.get("pending") == "dates",
            "pending_event": given.get("pending") == "event",
            "expiry_number": given.get("expiry") in ("rolling", "inactivity"),
            "expiry_dates": given.get("expiry") == "calendar",
        }
        for name, is_needed in needs.items():
            if is_needed and not given.get(name) and name not in self.errors:
                self.add_error(name, _("Fill this in."))
        return given

    def write(self, settings: Settings) -> None:
        given, terms = self.cleaned_data, terms_of(settings)
        before = terms.get("pending") or {}
        pending: Settings = {"kind": given["pending"]}
        if given["pending"] == "period":
            pending["span"] = f"{given['pending_number']}{given['pending_unit']}"
        elif given["pending"] == "dates":
            pending["dates"] = _dates(given["pending_dates"])
        elif given["pending"] == "event":
            pending["event"] = given["pending_event"]
            if before.get("cancel_after"):
                pending["cancel_after"] = before["cancel_after"]
        expiry: Settings = {"kind": given["expiry"]}
        if given["expiry"] in ("rolling", "inactivity"):
            expiry["span"] = f"{given['expiry_number']}{given['expiry_unit']}"
        if given["expiry"] == "inactivity":
            kept = (terms.get("expiry") or {}).get("activities")
            expiry["activities"] = kept or ["order.paid", "purchase.confirmed"]
        if given["expiry"] == "calendar":
            expiry["dates"] = _dates(given["expiry_dates"])
        terms["pending"], terms["expiry"] = pending, expiry
        if given["expiring_days"]:
            settings["expiring_days"] = given["expiring_days"]


def _span(name: str, one: Span) -> dict[str, Any]:
    return {f"{name}_number": one.number, f"{name}_unit": one.unit}


def _dates(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class BurningForm(Part):
    """How points pay."""

    title = _("Paying with points")
    is_on = forms.BooleanField(label=_("Points pay for goods"), required=False)
    worth = forms.DecimalField(
        label=_("What one point is worth"), min_value=Decimal(0), max_value=POINTS_MAX
    )
    share = forms.DecimalField(
        label=_("At most of a purchase, %"), min_value=Decimal(0), max_value=Decimal(100),
        decimal_places=2,
    )  # fmt: skip
    least = _points_field(_("Fewest points at a time"), required=False)
    step = _points_field(_("In steps of"), least="0.01")
    earns_beside = forms.BooleanField(
        label=_("A purchase paid with points earns points too"), required=False
    )
    asks_code = forms.BooleanField(
        label=_("Ask for a code from a letter before points are spent at a till"), required=False
    )

    def read(self) -> dict[str, Any]:
        one = self.programme.burning
        return {
            "is_on": one.is_on,
            "worth": typed_money(self.programme.main.minor_per_point, self.currency),
            "share": Decimal(one.share).scaleb(-2).normalize() + 0,
            "least": whole(one.least),
            "step": whole(one.step),
            "earns_beside": one.earns_beside,
            "asks_code": one.asks_code,
        }

    def write(self, settings: Settings) -> None:
        given = self.cleaned_data
        main_of(settings)["minor_per_point"] = to_minor(given["worth"], self.currency)
        settings.setdefault("burning", {}).update(
            is_on=given["is_on"],
            share=f"{given['share'].normalize():f}",
            least=hundredths(given["least"]),
            step=max(1, hundredths(given["step"])),
            earns_beside=given["earns_beside"],
            asks_code=given["asks_code"],
        )


class ReturnsForm(Part):
    """What a return does to points."""

    title = _("Returns")
    policy = forms.ChoiceField(
        label=_("When a purchase is returned"), choices=[*words.RETURNS.items()],
        widget=forms.RadioSelect,
    )  # fmt: skip
    debt_from_refund = forms.BooleanField(
        label=_("Keep the money of missing points from the refund"), required=False
    )
    restored_days = forms.IntegerField(
        label=_("Days that spent points live when they come back late"), min_value=0,
        max_value=SPAN_MAX,
    )  # fmt: skip

    def read(self) -> dict[str, Any]:
        one = self.programme.returns
        return {
            "policy": one.policy,
            "debt_from_refund": one.debt_from_refund,
            "restored_days": one.restored_days,
        }

    def write(self, settings: Settings) -> None:
        settings.setdefault("returns", {}).update(self.cleaned_data)


class RuleForm(forms.Form):
    """One way to earn. Conditions on goods and customers that it has stay as they are."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARS_MAX)
    trigger = forms.ChoiceField(label=_("If a customer"), choices=[*words.TRIGGERS.items()])
    event = forms.CharField(
        label=_("Event"), required=False, max_length=100,
        help_text=_("Its name, when the customer does something named here."),
    )  # fmt: skip
    gives = forms.ChoiceField(
        label=_("then they get"),
        choices=[
            ("per", _("points for every amount paid")),
            ("share", _("a share of what they pay")),
            ("fixed", _("so many points")),
        ],
    )
    points = _points_field(_("Points"), required=False)
    per = forms.DecimalField(
        label=_("For every amount of"), min_value=Decimal(0), max_value=POINTS_MAX, required=False
    )
    share = forms.DecimalField(
        label=_("Share, %"), min_value=Decimal(0), max_value=Decimal(1000), decimal_places=2,
        required=False,
    )  # fmt: skip
    points_max = _points_field(
        _("At most for one purchase"), required=False, hint=_("0: without a limit.")
    )
    once_per = forms.ChoiceField(label=_("How often"), choices=[*words.ONCE.items()])
    is_on = forms.BooleanField(label=_("The rule works"), required=False, initial=True)

    def __init__(
        self,
        known: EarnRule | None,
        programme: Programme,
        currency: str,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.known, self.programme, self.currency = known, programme, currency
        super().__init__(data, initial=self._read())
        styled(self)

    def _read(self) -> dict[str, Any]:
        one = self.known
        if one is None:
            return {"trigger": "cart", "gives": "per", "once_per": "event", "is_on": True}
        gives = "share" if one.share else "per" if one.trigger == "cart" else "fixed"
        return {
            "name": one.name or one.id,
            "trigger": one.trigger,
            "event": one.event,
            "gives": gives,
            "points": whole(one.points),
            "per": typed_money(one.per_minor, self.currency),
            "share": Decimal(one.share).scaleb(-2).normalize() + 0,
            "points_max": whole(one.points_max),
            "once_per": one.once_per,
            "is_on": one.is_on,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        is_cart = given.get("trigger") == "cart"
        if not is_cart and given.get("gives"):
            # Only a purchase has an amount to give by; the form does not ask for anything else.
            given["gives"] = "fixed"
        gives = given.get("gives")
        if is_cart and gives == "fixed":
            self.add_error("gives", _("A purchase gives by what is paid."))
        needs = {"points": gives != "share", "per": gives == "per", "share": gives == "share",
                 "event": given.get("trigger") == "event"}  # fmt: skip
        for name, is_needed in needs.items():
            if is_needed and not given.get(name) and name not in self.errors:
                self.add_error(name, _("Fill this in."))
        return given

    def write(self, settings: Settings) -> None:
        """Put the rule into the settings, in its place or at the end."""
        given = self.cleaned_data
        rules: list[Settings] = settings.setdefault("earning", [])
        found = next((one for one in rules if self.known and one.get("id") == self.known.id), None)
        if found is None:
            found = {"id": free_slug(given["name"], {one.get("id") for one in rules})}
            rules.append(found)
        for name in ("points", "per_minor", "share", "event"):
            found.pop(name, None)
        found.update(
            name=given["name"], trigger=given["trigger"], once_per=given["once_per"],
            is_on=given["is_on"], points_max=hundredths(given["points_max"]),
        )  # fmt: skip
        if given["gives"] == "share":
            found["share"] = f"{given['share'].normalize():f}"
        else:
            found["points"] = hundredths(given["points"])
        if given["gives"] == "per":
            found["per_minor"] = to_minor(given["per"], self.currency)
        if given["trigger"] == "event":
            found["event"] = given["event"]

    def remove(self, settings: Settings) -> None:
        """Take the rule out of the settings."""
        rules: list[Settings] = settings.get("earning") or []
        settings["earning"] = [
            one for one in rules if not self.known or one.get("id") != self.known.id
        ]


def free_slug(name: str, taken: Collection[object]) -> str:
    """A slug of the name that nothing has yet."""
    base = slugify(name)[:40].strip("-_") or "rule"
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(one for one in numbered if one not in taken)
