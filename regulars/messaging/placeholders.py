"""What templates may say about a customer, the workspace and the message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils.translation import gettext_noop as _

from regulars.messaging.records import Asked, Placeholder

PLACEHOLDERS: tuple[Placeholder, ...] = (
    Placeholder("customer.first_name", _("First name"), "Mira"),
    Placeholder("customer.last_name", _("Last name"), "Koval"),
    Placeholder("customer.name", _("Full name"), "Mira Koval"),
    Placeholder("customer.email", _("E-mail address"), "mira@example.com"),
    Placeholder("customer.phone", _("Phone"), "+380671234567"),
    Placeholder("customer.city", _("City"), "Kyiv"),
    Placeholder("customer.country", _("Country"), "UA"),
    Placeholder("customer.language", _("Language"), "uk"),
    Placeholder("customer.birth_on", _("Birthday"), "1990-05-01"),
    Placeholder("customer.attrs", _("Own attributes: customer.attrs.name"), ""),
    Placeholder("workspace.name", _("Name of the shop"), "Bakery"),
    Placeholder("workspace.currency", _("Currency"), "UAH"),
    Placeholder("unsubscribe_url", _("Address of the unsubscribe page"), ""),
    Placeholder("now", _("Time of sending; print it with the filter date"), ""),
)

# What another room knows of customers: one mapping of plain values for each, in their order.
Values = Callable[[int, Sequence[Asked]], Sequence[Mapping[str, object]]]
# What a preview shows in the place of values that only a real letter has, by name and below.
Samples = Mapping[str, Mapping[str, object]]
NO_SAMPLES: Samples = {}

_declared: dict[str, Placeholder] = {one.name: one for one in PLACEHOLDERS}
_values: dict[str, Values] = {}


def declare(placeholders: Iterable[Placeholder | tuple[str, str, str]]) -> None:
    """Make names of other rooms known to previews and checks; said once at start-up by wiring.

    A room that may not know our shapes gives name, label and example.
    """
    told = [Placeholder(*one) if isinstance(one, tuple) else one for one in placeholders]
    _declared.update({one.name: one for one in told})


def declared() -> tuple[Placeholder, ...]:
    """Every name a template may print."""
    return tuple(_declared.values())


def is_known(name: str) -> bool:
    """True for a declared name and for what lies under one, such as customer.attrs.colour."""
    return any(name == known or name.startswith(f"{known}.") for known in _declared)


def declare_values(root: str, values: Values) -> None:
    """Where the values below a name of another room come from, such as loyalty.balance."""
    _values[root] = values


def values_for(
    workspace_id: int, names: Iterable[str], asked: Sequence[Asked]
) -> list[dict[str, Mapping[str, object]]]:
    """For each asked, what other rooms say for these names; rooms nobody named are not asked."""
    found: list[dict[str, Mapping[str, object]]] = [{} for _ in asked]
    roots = {name.partition(".")[0] for name in names}
    for root in sorted(roots & set(_values)):
        told = _values[root](workspace_id, asked)
        for own, values in zip(found, told, strict=True):
            own[root] = values
    return found


def with_samples(
    values: Mapping[str, Mapping[str, object]], samples: Samples
) -> dict[str, Mapping[str, object]]:
    """The values with samples in their places; samples of rooms nobody named are left out."""
    return {root: _laid(own, samples.get(root, {})) for root, own in values.items()}


def _laid(own: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    laid = dict(own)
    for name, value in over.items():
        below = laid.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            laid[name] = {**below, **value}
        else:
            laid[name] = value
    return laid
