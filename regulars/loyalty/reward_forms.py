"""Forms of rewards, referrals, activities, draws, partners and wallets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.kernel.money import minor_digits
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.card_records import PEM_CHARS_MAX, WalletRecord
from regulars.loyalty.code_forms import (
    PERIODS,
    MoneyField,
    day_field,
    days_of,
    first_moment,
    hundredths,
    last_moment,
    limit_field,
    plain_money,
    points_field,
)
from regulars.loyalty.pure.activities import AUTO_MINOR_MAX
from regulars.loyalty.queries.coalition import PartnerRecord
from regulars.loyalty.reward_records import ReferralTermsRecord, RewardRecord

ACTIVITY_KINDS = [
    ("receipts", _("Receipts by their QR code or a photo")),
    ("lid", _("Codes under the lid")),
    ("quiz", _("Quiz")),
    ("contest", _("Contest")),
    ("game", _("Wheel of fortune")),
]


class RewardForm(forms.Form):
    """A reward of the catalogue."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=2_000, widget=forms.Textarea({"rows": 3})
    )
    points = points_field(_("Points"), least="0.01")
    currency = forms.ChoiceField(label=_("Currency of points"))
    stock = forms.IntegerField(
        label=_("In stock"), required=False, min_value=0, max_value=1_000_000_000,
        help_text=_("Left empty, there are as many as are asked for."),
    )  # fmt: skip
    per_member_max = limit_field(_("At most for one member"))
    promotion = forms.ChoiceField(
        label=_("Gives a code of the promotion"), required=False,
        help_text=_("Instead of goods, the member gets a code at once."),
    )  # fmt: skip
    starts_on = day_field()
    ends_on = day_field()
    stock_before = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(
        self,
        currencies: list[tuple[str, str]],
        promotions: list[tuple[str, str]],
        *args: Any,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        self.fields["promotion"].choices = [("", _("none")), *promotions]  # type: ignore[attr-defined]
        self.fields["starts_on"].label = _("First day")
        self.fields["ends_on"].label = _("Last day")

    def terms(self, zone: ZoneInfo) -> RewardTerms:
        """What the form says."""
        said = self.cleaned_data
        return RewardTerms(
            name=said["name"],
            description=said["description"],
            points=hundredths(said["points"]),
            currency=said["currency"],
            stock=said["stock"],
            per_member_max=said["per_member_max"],
            promotion_slug=said["promotion"],
            starts_at=first_moment(said["starts_on"], zone),
            ends_at=last_moment(said["ends_on"], zone),
        )

    @staticmethod
    def initial_of(one: RewardRecord, zone: ZoneInfo) -> dict[str, Any]:
        """What the form shows of a reward."""
        return {
            "name": one.name,
            "description": one.description,
            "points": Decimal(one.points) / 100,
            "currency": one.currency,
            "stock": one.stock,
            "stock_before": one.stock,
            "per_member_max": one.per_member_max,
            "promotion": one.promotion_slug,
            **days_of(one.starts_at, one.ends_at, zone),
        }


class ReferralForm(forms.Form):
    """What both sides of a referral get."""

    is_open = forms.BooleanField(label=_("Members may invite friends"), required=False)
    inviter = points_field(_("Points for who invites"))
    friend = points_field(_("Points for the friend"))
    currency = forms.ChoiceField(label=_("Currency of points"))
    wait_days = forms.IntegerField(
        label=_("Days to wait"), min_value=0, max_value=365,
        help_text=_("Points are given when the first purchase can no longer be returned."),
    )  # fmt: skip
    invited_max = forms.IntegerField(
        label=_("Friends of one member"), min_value=0, max_value=1_000_000
    )
    period = forms.ChoiceField(label=_("In what time"), choices=PERIODS)

    def __init__(
        self, money: str, currencies: list[tuple[str, str]], *args: Any, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        self.fields["cheque"] = MoneyField(money, label=_("Smallest first purchase"))

    def record(self) -> ReferralTermsRecord:
        """What the form says."""
        said, cheque = self.cleaned_data, self.fields["cheque"]
        return ReferralTermsRecord(
            is_open=said["is_open"],
            currency=said["currency"],
            inviter_points=hundredths(said["inviter"]),
            friend_points=hundredths(said["friend"]),
            cheque_minor_min=cheque.minor(said["cheque"]),  # type: ignore[attr-defined]
            wait_days=said["wait_days"],
            invited_max=said["invited_max"],
            period=said["period"],
        )

    @staticmethod
    def initial_of(one: ReferralTermsRecord, money: str) -> dict[str, Any]:
        """What the form shows."""
        return {
            "is_open": one.is_open,
            "inviter": Decimal(one.inviter_points) / 100,
            "friend": Decimal(one.friend_points) / 100,
            "currency": one.currency,
            "cheque": plain_money(one.cheque_minor_min, money),
            "wait_days": one.wait_days,
            "invited_max": one.invited_max,
            "period": one.period,
        }


class ActivityForm(forms.Form):
    """An activity. Questions and prizes are written line by line, as the hints say."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=ACTIVITY_KINDS)
    points = points_field(_("Points for taking part"))
    currency = forms.ChoiceField(label=_("Currency of points"))
    per_member_max = limit_field(_("Times for one member"))
    total_max = limit_field(_("Times for all together"))
    period = forms.ChoiceField(label=_("In what time"), choices=PERIODS)
    starts_on = day_field()
    ends_on = day_field()
    series = forms.ChoiceField(label=_("Series of codes under the lids"), required=False)
    details = forms.CharField(
        label=_("Questions or prizes"), required=False, max_length=20_000,
        widget=forms.Textarea({"rows": 6}),
        help_text=_(
            "Quiz, one line a question: Which tea is it? | green | *black – the right answer has"
            " a star. Wheel, one line a prize: Ten points | 10 | 3 – name, points, weight."
        ),
    )  # fmt: skip
    has_jury = forms.BooleanField(label=_("A person decides on each entry"), required=False)
    per_100 = forms.DecimalField(
        label=_("Points for 100 of a receipt"), required=False, max_digits=8, decimal_places=2,
        min_value=0,
    )  # fmt: skip
    registers = forms.CharField(
        label=_("Fiscal registers of the shop"), required=False, max_length=22_000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Their numbers (fn on a receipt), one a line. Anybody can write the code of a receipt:"
            " without registers a person looks at each one."
        ),
    )  # fmt: skip
    auto_max = forms.DecimalField(
        label=_("Receipts accepted at once up to"), required=False, max_digits=9,
        decimal_places=2, min_value=0, max_value=1_000_000,
        help_text=_("Left empty, up to 10,000; a person looks at larger ones."),
    )  # fmt: skip

    def __init__(
        self,
        currencies: list[tuple[str, str]],
        series: list[tuple[str, str]],
        *args: Any,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.fields["currency"].choices = currencies  # type: ignore[attr-defined]
        self.fields["series"].choices = [("", _("none")), *series]  # type: ignore[attr-defined]
        self.fields["starts_on"].label = _("First day")
        self.fields["ends_on"].label = _("Last day")

    def terms(self, zone: ZoneInfo, money: str) -> ActivityTerms:
        """What the form says. raises ValidationError by way of `add_error` in `settings`"""
        said = self.cleaned_data
        return ActivityTerms(
            name=said["name"],
            currency=said["currency"],
            points=hundredths(said["points"]),
            settings=self._settings(money),
            per_member_max=said["per_member_max"],
            total_max=said["total_max"],
            period=said["period"],
            starts_at=first_moment(said["starts_on"], zone),
            ends_at=last_moment(said["ends_on"], zone),
        )

    def _settings(self, money: str) -> dict[str, Any]:
        said = self.cleaned_data
        lines = [line.split("|") for line in said["details"].splitlines() if line.strip()]
        if said["kind"] == "quiz":
            return {"questions": [_question(parts) for parts in lines]}
        if said["kind"] == "game":
            return {"prizes": [_prize(parts) for parts in lines]}
        if said["kind"] == "lid":
            return {"series": said["series"] or None}
        if said["kind"] == "contest":
            return {"jury": said["has_jury"]}
        # Points for a hundred of the currency are hundredths for a hundred of its minor units.
        scale = 10 ** minor_digits(money)
        most = AUTO_MINOR_MAX if said["auto_max"] is None else int(said["auto_max"] * scale)
        return {
            "points_per_100": int((said["per_100"] or Decimal(0)) * 100 / scale),
            "registers": said["registers"].split(),
            "auto_minor_max": most,
        }


def _question(parts: list[str]) -> dict[str, Any]:
    options = [part.strip() for part in parts[1:]]
    right = next((place for place, text in enumerate(options) if text.startswith("*")), -1)
    plain = [text.removeprefix("*").strip() for text in options]
    return {"text": parts[0].strip(), "options": plain, "right": right}


def _prize(parts: list[str]) -> dict[str, Any]:
    padded = [part.strip() for part in [*parts, "", ""]]
    try:
        points, weight = int(Decimal(padded[1] or 0) * 100), int(padded[2] or 1)
    except (ArithmeticError, ValueError):
        points, weight = 0, 0
    return {"name": padded[0], "points": points, "weight": weight}


class DrawForm(forms.Form):
    """A draw to be promised."""

    prizes = forms.IntegerField(label=_("Prizes"), min_value=1, max_value=10_000)
    closes_on = forms.DateField(
        label=_("Last day of tickets"), widget=forms.DateInput({"type": "date"})
    )
    public_source = forms.CharField(
        label=_("Public number to mix in"), required=False, max_length=200,
        help_text=_("Such as a lottery's numbers of a later day: then not even you know who wins."),
    )  # fmt: skip


class PartnerForm(forms.Form):
    """A partner of the coalition."""

    name = forms.CharField(label=_("Name"), max_length=120)
    shops = forms.CharField(
        label=_("Shops"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 4}),
        help_text=_("As tills name them, one a line."),
    )  # fmt: skip

    def __init__(self, money: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["cost"] = MoneyField(
            money, label=_("What 100 points cost who gives them out"), max_value=Decimal(10_000)
        )

    @property
    def cost_minor(self) -> int:
        """The cost of a hundred points in minor units."""
        field: Any = self.fields["cost"]
        return int(field.minor(self.cleaned_data["cost"]))

    @property
    def shop_names(self) -> list[str]:
        """The shops, one a line."""
        return str(self.cleaned_data["shops"]).splitlines()

    @staticmethod
    def initial_of(one: PartnerRecord, money: str) -> dict[str, Any]:
        """What the form shows of a partner."""
        return {
            "name": one.name,
            "cost": plain_money(one.cost_minor_per_100, money),
            "shops": "\n".join(one.shops),
        }


def _pem(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=PEM_CHARS_MAX,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}), **more,
    )  # fmt: skip


class WalletForm(forms.Form):
    """How passes look and who signs them."""

    organisation = forms.CharField(label=_("Name on the card"), required=False, max_length=60)
    colour = forms.CharField(
        label=_("Colour of the card"), max_length=7, widget=forms.TextInput({"type": "color"})
    )
    apple_pass_type = forms.CharField(
        label=_("Pass type identifier"), required=False, max_length=100,
        help_text=_("From Apple's developer account, like pass.com.example.card."),
    )  # fmt: skip
    apple_team = forms.CharField(label=_("Team identifier"), required=False, max_length=20)
    apple_certificate = _pem(_("Certificate of the pass type, PEM"))
    apple_key = _pem(
        _("Its private key, PEM"), help_text=_("Kept sealed. Left empty, the one there is stays.")
    )
    apple_authority = _pem(_("Apple's intermediate certificate (WWDR), PEM"))
    google_issuer = forms.CharField(label=_("Issuer identifier"), required=False, max_length=40)
    google_email = forms.EmailField(label=_("E-mail of the service account"), required=False)
    google_key = _pem(
        _("Private key of the service account, PEM"),
        help_text=_("Kept sealed. Left empty, the one there is stays."),
    )

    def record(self) -> WalletRecord:
        """What the form says."""
        return WalletRecord(**self.cleaned_data)

    @staticmethod
    def initial_of(one: WalletRecord) -> dict[str, Any]:
        """What the form shows: never a key."""
        names = (
            "organisation", "colour", "apple_pass_type", "apple_team", "apple_certificate",
            "apple_authority", "google_issuer", "google_email",
        )  # fmt: skip
        return {name: getattr(one, name) for name in names}
