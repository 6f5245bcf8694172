"""Carriers that are asked where a parcel is: one folder each, one line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from regulars.orders.adapters import cdek, nova_poshta
from regulars.orders.adapters.shapes import Account, News

Ask = Callable[[Account, Sequence[str]], list[News]]
ASKED: dict[str, Ask] = {"nova_poshta": nova_poshta.ask, "cdek": cdek.ask}
# How many parcels one call names.
AT_ONCE = {"nova_poshta": nova_poshta.NUMBERS_MAX, "cdek": cdek.NUMBERS_MAX}
