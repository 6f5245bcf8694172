"""The form of a promotion: the usual rules as fields, the rest as JSON.

A definition is shown as fields only when the fields say all of it; nothing is lost by opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.kernel.money import minor_digits

GIVES = (
    ("percent_off", gettext_lazy("a discount in percent")),
    ("amount_off", gettext_lazy("a discount in money")),
    ("amount_off_unit", gettext_lazy("a discount in money on each unit")),
    ("set_price", gettext_lazy("a price for each unit")),
    ("fixed_price", gettext_lazy("a price for a whole set")),
    ("free_units", gettext_lazy("units for nothing")),
    ("earn", gettext_lazy("points")),
    ("earn_multiplier", gettext_lazy("points multiplied")),
)
KINDS = (
    ("", gettext_lazy("the whole cart")),
    ("line.category", gettext_lazy("these categories")),
    ("line.brand", gettext_lazy("these brands")),
    ("line.sku", gettext_lazy("these SKUs")),
)
PICKS = (
    ("all", gettext_lazy("all of them")),
    ("cheapest", gettext_lazy("the cheapest of every N")),
    ("dearest", gettext_lazy("the dearest of every N")),
    ("every_nth", gettext_lazy("every Nth by price")),
    ("sets", gettext_lazy("whole sets: so many bought, so many discounted")),
)
PERIODS = (
    ("all", gettext_lazy("for all time")),
    ("day", gettext_lazy("a day")),
    ("week", gettext_lazy("a week")),
    ("month", gettext_lazy("a month")),
    ("year", gettext_lazy("a year")),
)
LANES = (
    ("line", gettext_lazy("first, on goods")),
    ("cart", gettext_lazy("then, on the cart")),
    ("code", gettext_lazy("last, with codes")),
)
MODES = (
    ("all", gettext_lazy("all of the group together")),
    ("first", gettext_lazy("only the first that fits")),
    ("best_for_customer", gettext_lazy("only the best for the customer")),
    ("lowest", gettext_lazy("only the smallest discount")),
)
WEEKDAYS = (
    ("1", gettext_lazy("Mon")), ("2", gettext_lazy("Tue")), ("3", gettext_lazy("Wed")),
    ("4", gettext_lazy("Thu")), ("5", gettext_lazy("Fri")), ("6", gettext_lazy("Sat")),
    ("7", gettext_lazy("Sun")),
)  # fmt: skip
LIST_CHARS_MAX = 20_000
LOCAL = "%Y-%m-%dT%H:%M"
MONEY_GIVES = ("amount_off", "amount_off_unit", "set_price", "fixed_price")


def _text(label: Any, *, hint: Any = "", most: int = 200) -> forms.CharField:
    return forms.CharField(label=label, required=False, help_text=hint, max_length=most)


def _number(label: Any, *, hint: Any = "", most: int = 10_000) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, help_text=hint, min_value=0, max_value=most
    )


def _money(label: Any, *, hint: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, help_text=hint, min_value=0, max_digits=13, decimal_places=2
    )


class PromotionForm(forms.Form):
    """What it is called, what it gives, on what, when, how often, beside what."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    note = forms.CharField(
        label=gettext_lazy("Note for colleagues"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    gives = forms.ChoiceField(label=gettext_lazy("What it gives"), choices=GIVES)
    value = forms.DecimalField(
        label=gettext_lazy("How much"), required=False, min_value=0, max_digits=13,
        decimal_places=4,
        help_text=gettext_lazy("Percent, money, points or the factor."),
    )  # fmt: skip
    cap = _money(gettext_lazy("At most, in money"))
    goods = forms.ChoiceField(label=gettext_lazy("On what"), choices=KINDS, required=False)
    goods_list = _text(
        gettext_lazy("Which ones"),
        hint=gettext_lazy("Divide them by commas."),
        most=LIST_CHARS_MAX,
    )
    pick = forms.ChoiceField(label=gettext_lazy("Which units"), choices=PICKS, required=False)
    n = _number(gettext_lazy("N"), most=1000)
    buy = _number(gettext_lazy("Units to buy in a set"), most=1000)
    get = _number(gettext_lazy("Units discounted in a set"), most=1000)
    max_units = _number(gettext_lazy("At most units in one purchase"), most=1000)
    cart_least = _money(gettext_lazy("The cart comes at least to"))
    segment = forms.ChoiceField(label=gettext_lazy("Customers of the segment"), required=False)
    tiers = forms.MultipleChoiceField(
        label=gettext_lazy("Tiers"), required=False, widget=forms.CheckboxSelectMultiple
    )
    is_first = forms.BooleanField(
        label=gettext_lazy("Only the first purchase"),
        required=False,
        help_text=gettext_lazy(
            "Whoever is served at two tills at once buys for the first time at one of them only."
        ),
    )
    birthday = _number(
        gettext_lazy("Days around the birthday"),
        hint=gettext_lazy("3: from three days before to three days after."),
        most=60,
    )
    is_personal = forms.BooleanField(
        label=gettext_lazy("Only for those it was offered to"), required=False
    )
    is_code = forms.BooleanField(label=gettext_lazy("Only with a code"), required=False)
    shops = _text(gettext_lazy("Only in these shops"), most=LIST_CHARS_MAX)
    starts = forms.DateTimeField(
        label=gettext_lazy("From"), required=False, input_formats=[LOCAL],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
    )  # fmt: skip
    ends = forms.DateTimeField(
        label=gettext_lazy("Until"), required=False, input_formats=[LOCAL],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
    )  # fmt: skip
    days = forms.MultipleChoiceField(
        label=gettext_lazy("Days of the week"), required=False, choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    hour_from = _text(gettext_lazy("Hours from"), hint="10:00", most=5)
    hour_to = _text(gettext_lazy("Hours to"), hint="12:00", most=5)
    uses_member = _number(gettext_lazy("Uses for one customer"), most=10**6)
    period = forms.ChoiceField(
        label=gettext_lazy("Uses for one customer: in what time"), choices=PERIODS, required=False
    )
    uses_total = _number(gettext_lazy("Uses in all"), most=10**9)
    budget = _money(gettext_lazy("Budget of discounts"))
    lane = forms.ChoiceField(
        label=gettext_lazy("When it is reckoned"), choices=LANES, required=False
    )
    priority = _number(
        gettext_lazy("Place in the queue"),
        hint=gettext_lazy("The smaller goes first; 100 as a rule."),
    )
    group = _text(
        gettext_lazy("Group"), hint=gettext_lazy("Latin letters, digits and dashes."), most=60
    )
    group_mode = forms.ChoiceField(
        label=gettext_lazy("In its group"), choices=MODES, required=False
    )
    is_exclusive = forms.BooleanField(label=gettext_lazy("Nothing else beside it"), required=False)
    not_with = _text(
        gettext_lazy("Not together with"), hint=gettext_lazy("Slugs of promotions."), most=2000
    )

    def __init__(
        self,
        data: Any = None,
        *,
        segments: Mapping[str, str],
        tiers: Sequence[tuple[str, str]],
        currency: str,
        zone: ZoneInfo,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.currency, self.zone = currency, zone
        _choices(self, "segment", [("", _("anybody")), *segments.items()])
        _choices(self, "tiers", tiers)
        if not tiers:
            del self.fields["tiers"]

    def clean(self) -> dict[str, Any]:
        """Say beside the field what the rules would refuse."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("gives") != "free_units" and not said.get("value"):
            self.add_error("value", _("Say how much."))
        if said.get("goods") and not _items(said.get("goods_list", "")):
            self.add_error("goods_list", _("Name at least one."))
        if said.get("pick") == "every_nth" and not said.get("n"):
            self.add_error("n", _("Say every which unit."))
        if said.get("pick") == "sets" and not said.get("get"):
            self.add_error("get", _("Say how many units of a set are discounted."))
        return said

    def definition(self) -> dict[str, Any]:
        """The rules as JSON."""
        said = self.cleaned_data
        found: dict[str, Any] = {
            "lane": said["lane"] or "cart",
            "trigger": "code" if said["is_code"] else "cart",
            "effects": [self._effect(said)],
        }
        optional = {
            "priority": said["priority"] if said["priority"] not in (None, 100) else None,
            "group": said["group"],
            "shops": _items(said["shops"]),
            "schedule": self._schedule(said),
            "when": self._when(said),
            "target": self._target(said),
            "limits": self._limits(said),
            "stack": _stack(said),
        }
        return found | {
            key: value for key, value in optional.items() if value not in (None, "", [], {})
        }

    def _minor(self, amount: Decimal | None) -> int:
        return int((amount or Decimal(0)).scaleb(minor_digits(self.currency)))

    def _effect(self, said: Mapping[str, Any]) -> dict[str, Any]:
        gives, value = said["gives"], said["value"]
        cap = {"cap": self._minor(said["cap"])} if said["cap"] else {}
        if gives in MONEY_GIVES:
            per = {"per": "unit"} if gives == "amount_off_unit" else {}
            kind = "amount_off" if per else gives
            return {"type": kind, "value": self._minor(value), **per, **cap}
        if gives == "free_units":
            return {"type": gives, **({"value": int(value)} if value else {}), **cap}
        if gives == "earn":
            return {"type": gives, "value": int(value * 100)}
        plain = format(value.normalize(), "f")
        return {"type": gives, "value": plain, **(cap if gives == "percent_off" else {})}

    def _schedule(self, said: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, name in (("from", "starts"), ("to", "ends")):
            if said[name]:
                found[key] = said[name].replace(tzinfo=self.zone).isoformat()
        if said["days"] or said["hour_from"] or said["hour_to"]:
            found["weekly"] = [
                {
                    "days": [int(day) for day in said["days"]] or list(range(1, 8)),
                    "from": said["hour_from"] or "00:00",
                    "to": said["hour_to"] or "24:00",
                }
            ]
        return found

    def _when(self, said: Mapping[str, Any]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        if said["cart_least"]:
            least = self._minor(said["cart_least"])
            parts.append({"field": "cart.amount", "op": "gte", "value": least})
        if said["segment"]:
            parts.append({"segment": said["segment"]})
        if said.get("tiers"):
            parts.append({"field": "member.tier", "op": "in", "value": said["tiers"]})
        if said["is_first"]:
            parts.append({"field": "member.is_first_purchase", "op": "eq", "value": True})
        if said["birthday"] is not None:
            parts.append({"any": [
                {"field": "member.days_to_birthday", "op": "lte", "value": said["birthday"]},
                {"field": "member.days_since_birthday", "op": "lte", "value": said["birthday"]},
            ]})  # fmt: skip
        if said["is_personal"]:
            parts.append({"personal": True})
        return {"all": parts} if parts else {}

    def _target(self, said: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if said["goods"]:
            where = {"field": said["goods"], "op": "in", "value": _items(said["goods_list"])}
            found["where"] = where
        if said["pick"] == "sets":
            sides = (("buy", said["buy"]), ("get", said["get"]))
            found["sets"] = [{"qty": count, "side": side} for side, count in sides if count]
            return found
        if said["pick"] and said["pick"] != "all":
            found["pick"] = said["pick"]
            if said["n"]:
                found["n"] = said["n"]
        if said["max_units"]:
            found["max_units"] = said["max_units"]
        return found

    def _limits(self, said: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = []
        for what, per, period, value in (
            ("uses", "member", said["period"] or "all", said["uses_member"]),
            ("uses", "total", "all", said["uses_total"]),
            ("discount", "total", "all", self._minor(said["budget"])),
        ):
            if value:
                found.append({"what": what, "per": per, "period": period, "value": value})
        return found


def _choices(form: forms.Form, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def _stack(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if said["group"] and said["group_mode"] not in ("", "all"):
        found["group_mode"] = said["group_mode"]
    if said["is_exclusive"]:
        found["exclusive"] = True
    if _items(said["not_with"]):
        found["not_with"] = _items(said["not_with"])
    return found


def _items(text: str) -> list[str]:
    return [one for part in text.replace("\n", ",").split(",") if (one := part.strip())]


def grouped(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with its condition in a group, as the form writes it; it means the same."""
    when = definition.get("when")
    is_bare = isinstance(when, Mapping) and bool(when) and "all" not in when
    return {**definition, "when": {"all": [when]}} if is_bare else dict(definition)


def initial_of(definition: Mapping[str, Any], *, currency: str, zone: ZoneInfo) -> dict[str, Any]:
    """The fields' values of a definition, as far as fields can say it."""
    effects = definition.get("effects") or [{}]
    found: dict[str, Any] = {
        "lane": definition.get("lane", "cart"),
        "priority": definition.get("priority", 100),
        "group": definition.get("group", ""),
        "is_code": definition.get("trigger") == "code",
        "shops": ", ".join(definition.get("shops", [])),
    }
    found |= _initial_effect(effects[0], currency)
    found |= _initial_target(definition.get("target", {}))
    found |= _initial_when(grouped(definition).get("when", {}), currency)
    found |= _initial_schedule(definition.get("schedule", {}), zone)
    found |= _initial_limits(definition.get("limits", []), currency)
    stack = definition.get("stack", {})
    return found | {
        "group_mode": stack.get("group_mode", "all"),
        "is_exclusive": stack.get("exclusive", False),
        "not_with": ", ".join(stack.get("not_with", [])),
    }


def _major(minor: Any, currency: str) -> Decimal | None:
    return Decimal(minor).scaleb(-minor_digits(currency)) if isinstance(minor, int) else None


def _initial_effect(effect: Mapping[str, Any], currency: str) -> dict[str, Any]:
    kind, value = effect.get("type", "percent_off"), effect.get("value")
    if kind in ("amount_off", "set_price", "fixed_price"):
        shown = _major(value, currency)
    elif kind == "earn" and isinstance(value, int):
        shown = Decimal(value).scaleb(-2)
    else:
        shown = None if value is None else Decimal(str(value))
    gives = "amount_off_unit" if effect.get("per") == "unit" else kind
    return {"gives": gives, "value": shown, "cap": _major(effect.get("cap"), currency)}


def _initial_target(target: Mapping[str, Any]) -> dict[str, Any]:
    where = target.get("where", {})
    value = where.get("value", [])
    listed = value if isinstance(value, list) else [value]
    found = {
        "goods": where.get("field", ""),
        "goods_list": ", ".join(str(one) for one in listed),
        "pick": "sets" if target.get("sets") else target.get("pick", "all"),
        "n": target.get("n"),
        "max_units": target.get("max_units"),
    }
    for part in target.get("sets", []):
        found[part.get("side", "get")] = part.get("qty", 1)
    return found


def _initial_when(when: Mapping[str, Any], currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in when.get("all", []):
        if part.get("field") == "cart.amount":
            found["cart_least"] = _major(part.get("value"), currency)
        elif part.get("field") == "member.tier":
            found["tiers"] = part.get("value")
        elif part.get("field") == "member.is_first_purchase":
            found["is_first"] = True
        elif "segment" in part:
            found["segment"] = part["segment"]
        elif "personal" in part:
            found["is_personal"] = True
        elif part.get("any"):
            found["birthday"] = part["any"][0].get("value")
    return found


def _initial_schedule(schedule: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, name in (("from", "starts"), ("to", "ends")):
        if schedule.get(key):
            local = datetime.fromisoformat(schedule[key]).astimezone(zone)
            found[name] = local.replace(tzinfo=None)
    for hours in schedule.get("weekly", [])[:1]:
        found["days"] = [str(day) for day in hours.get("days", [])]
        found["hour_from"], found["hour_to"] = hours.get("from", ""), hours.get("to", "")
    return found


def _initial_limits(limits: Sequence[Mapping[str, Any]], currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for limit in limits:
        if limit.get("what") == "discount":
            found["budget"] = _major(limit.get("value"), currency)
        elif limit.get("per") in ("member", "total"):
            found[f"uses_{limit['per']}"] = limit.get("value")
            if limit["per"] == "member":
                found["period"] = limit.get("period", "all")
    return found


def posted(initial: Mapping[str, Any]) -> MultiValueDict[str, Any]:
    """Initial values as a browser would send them."""
    sent: MultiValueDict[str, Any] = MultiValueDict()
    for name, value in initial.items():
        if isinstance(value, list):
            sent.setlist(name, value)
        elif isinstance(value, datetime):
            sent[name] = value.strftime(LOCAL)
        elif value not in (None, False, ""):
            sent[name] = "on" if value is True else str(value)
    return sent


class JsonForm(forms.Form):
    """A promotion whose rules the fields cannot say: its JSON, whole."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    note = forms.CharField(
        label=gettext_lazy("Note for colleagues"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    rules = forms.CharField(
        label=gettext_lazy("Rules as JSON"), max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip

    def clean_rules(self) -> dict[str, Any]:
        """The JSON, decoded."""
        try:
            found = json.loads(self.cleaned_data["rules"])
        except ValueError as fault:
            raise forms.ValidationError(
                _("This is no JSON: %(why)s") % {"why": str(fault)[:200]}
            ) from None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("The rules are one object in curly brackets."))
        return found

    def definition(self) -> dict[str, Any]:
        """The rules as JSON."""
        found: dict[str, Any] = self.cleaned_data["rules"]
        return found
