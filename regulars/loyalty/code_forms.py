"""Forms of codes and certificates, and the fields that other forms of the room share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from regulars.kernel.money import minor_digits, to_minor
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.code_records import (
    BATCH_CODES_MAX,
    NAME_CHARS_MAX,
    NOTE_CHARS_MAX,
    PREFIX_CHARS_MAX,
    USES_MAX,
    VALID_DAYS_MAX,
    SeriesRecord,
)

PERIODS = [
    ("all", _("all time")),
    ("day", _("a day")),
    ("week", _("a week")),
    ("month", _("a month")),
]
KINDS = [
    ("shared", _("Shared: few codes for everybody")),
    ("unique", _("Unique: many codes, each for whoever has it")),
    ("personal", _("Personal: each for one customer, made when it is given")),
]
DAYS = (date(2000, 1, 1), date(2199, 12, 31))


def day_field() -> forms.DateField:
    """A day, or none."""
    # Who wants no end leaves the field empty: the last day of all calendars has no tomorrow.
    bounds = [MinValueValidator(DAYS[0]), MaxValueValidator(DAYS[1])]
    return forms.DateField(
        required=False, widget=forms.DateInput({"type": "date"}), validators=bounds
    )


def limit_field(label: Any, most: int = USES_MAX, **more: Any) -> forms.IntegerField:
    """A limit, or none."""
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=most, **more)


def first_moment(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day in the zone."""
    return None if day is None else datetime.combine(day, time.min, zone)


def last_moment(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The end of a day in the zone."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time.min, zone)


def days_of(starts_at: datetime | None, ends_at: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """The first and the last day, as a form shows them."""
    return {
        "starts_on": starts_at and starts_at.astimezone(zone).date(),
        "ends_on": ends_at and (ends_at - timedelta(seconds=1)).astimezone(zone).date(),
    }


class SeriesForm(forms.Form):
    """A series of codes; what is settled for ever is asked only of a new one."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARS_MAX)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    code = forms.CharField(
        label=_("First code"), required=False, max_length=64,
        help_text=_("For a shared series: what people will type, like SPRING-26."),
    )  # fmt: skip
    promotion = forms.ChoiceField(
        label=_("Promotion"), required=False,
        help_text=_("What the codes switch on at the till."),
    )  # fmt: skip
    code_prefix = forms.CharField(
        label=_("Prefix"), required=False, max_length=PREFIX_CHARS_MAX,
        help_text=_(
            "Put before codes that are generated: Latin letters and digits. Letters that look like"
            " digits become digits: O is 0, I and L are 1, S is 5, Z is 2, B is 8."
        ),
    )  # fmt: skip
    starts_on = day_field()
    ends_on = day_field()
    valid_days = limit_field(
        _("Days after it was given"), VALID_DAYS_MAX,
        help_text=_("A code that was given to a customer ends so many days later."),
    )  # fmt: skip
    uses_per_code = limit_field(_("Uses of one code"))
    uses_per_member = limit_field(_("Uses of one member"))
    uses_total = limit_field(_("Uses of all together"))
    period = forms.ChoiceField(
        label=_("Limits of members and of all are for"), choices=PERIODS, required=False
    )

    def __init__(self, promotions: list[tuple[str, str]], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["promotion"].choices = [("", _("none")), *promotions]  # type: ignore[attr-defined]
        self.fields["starts_on"].label = _("First day")
        self.fields["ends_on"].label = _("Last day")

    def terms(self, zone: ZoneInfo) -> Terms:
        """What the form says."""
        said = self.cleaned_data
        return Terms(
            name=said["name"],
            promotion_slug=said["promotion"],
            starts_at=first_moment(said["starts_on"], zone),
            ends_at=last_moment(said["ends_on"], zone),
            valid_days=said["valid_days"],
            uses_per_code=said["uses_per_code"],
            uses_per_member=said["uses_per_member"],
            uses_total=said["uses_total"],
        )

    @staticmethod
    def initial_of(one: SeriesRecord, zone: ZoneInfo) -> dict[str, Any]:
        """What the form shows of a series."""
        return {
            "name": one.name,
            "kind": one.kind,
            "promotion": one.promotion_slug,
            "code_prefix": one.prefix,
            "valid_days": one.valid_days,
            "uses_per_code": one.uses_per_code,
            "uses_per_member": one.uses_per_member,
            "uses_total": one.uses_total,
            "period": one.period,
            **days_of(one.starts_at, one.ends_at, zone),
        }

    def settle(self) -> None:
        """Leave out what an existing series no longer asks."""
        for name in ("kind", "code", "code_prefix", "period"):
            del self.fields[name]


class GenerateForm(forms.Form):
    """How many codes."""

    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=BATCH_CODES_MAX)


class MoneyField(forms.DecimalField):
    """An amount of the workspace's currency, given back in minor units."""

    def __init__(self, currency: str, **more: Any) -> None:
        self.currency = currency
        more.setdefault("min_value", 0)
        super().__init__(max_digits=12, decimal_places=minor_digits(currency), **more)

    def minor(self, value: Decimal) -> int:
        """The amount in minor units."""
        return to_minor(value, self.currency)


def plain_money(minor: int, currency: str) -> Decimal:
    """An amount as a form shows it."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def points_field(label: Any, *, least: str = "0", **more: Any) -> forms.DecimalField:
    """Points with up to two digits behind the point."""
    return forms.DecimalField(
        label=label, max_digits=11, decimal_places=2, min_value=Decimal(least), **more
    )


def hundredths(value: Decimal | None) -> int:
    """Points as they are kept."""
    return int((value or Decimal(0)) * 100)


class GiftForm(forms.Form):
    """A gift certificate."""

    def __init__(self, currency: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["face"] = MoneyField(
            currency, label=_("Amount"), min_value=plain_money(1, currency)
        )
        self.fields["code"] = forms.CharField(
            label=_("Code"), required=False, max_length=64,
            help_text=_("Left empty, a new one is made that nobody can guess."),
        )  # fmt: skip
        self.fields["ends_on"] = day_field()
        self.fields["ends_on"].label = _("Last day")
        self.fields["note"] = forms.CharField(
            label=_("Note"), required=False, max_length=NOTE_CHARS_MAX
        )

    @property
    def face_minor(self) -> int:
        """The amount in minor units."""
        field: Any = self.fields["face"]
        return int(field.minor(self.cleaned_data["face"]))
