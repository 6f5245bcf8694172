"""Who understands whose deliveries: one line a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from regulars.intake.connectors.records import Accepted, ConnectionKind, Context, News, Ping
from regulars.intake.connectors.shopify import provider as shopify
from regulars.intake.connectors.webhook import provider as webhook
from regulars.intake.connectors.woocommerce import provider as woocommerce

Check = Callable[[Mapping[str, str], bytes, Mapping[str, str], Mapping[str, Any]], Accepted | Ping]
Read = Callable[[bytes, str, Context], list[News]]


@dataclass(frozen=True, slots=True)
class Provider:
    """check judges the raw delivery, read says what it tells; both are pure."""

    check: Check
    read: Read


PROVIDERS: Mapping[ConnectionKind, Provider] = {
    ConnectionKind.WEBHOOK: Provider(webhook.check, webhook.read),
    ConnectionKind.WOOCOMMERCE: Provider(woocommerce.check, woocommerce.read),
    ConnectionKind.SHOPIFY: Provider(shopify.check, shopify.read),
}
