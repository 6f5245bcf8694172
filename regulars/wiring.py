"""The switchboard: every cause and its effects, as plain dicts of dotted paths.

A path is "package.module:name". Packages installed beside the product may add lines through the
entry-point group `regulars.wiring`: each entry point is a function that receives this module.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from regulars.events.records import Consumer

PLUGIN_GROUP = "regulars.wiring"

# Who reads the log, and which kinds of events each reader wants.
CONSUMERS: dict[str, Consumer] = {
    "orders.from_events": Consumer(
        handler="regulars.orders.tasks:take_order_events",
        kinds=("Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"),
        from_start=True,
    ),
    "orders.carts": Consumer(
        handler="regulars.orders.tasks:take_cart_events",
        kinds=(
            "Products Searched",
            "Product List Viewed",
            "Product List Filtered",
            "Product Clicked",
            "Product Viewed",
            "Product Added",
            "Product Removed",
            "Wishlist Product Added to Cart",
            "Product Added to Wishlist",
            "Product Removed from Wishlist",
            "Cart Viewed",
            "Checkout Started",
            "Coupon Applied",
            "Coupon Removed",
            "Order Completed",
            "order.placed",
            "order.paid",
            "customer.merged",
            "customer.split",
        ),
        from_start=True,
    ),
    "loyalty.till_orders": Consumer(
        handler="regulars.loyalty.till_tasks:take_purchases",
        kinds=("purchase.confirmed", "purchase.returned"),
        from_start=True,
    ),
    "segments.lists": Consumer(
        handler="regulars.segments.tasks:take_merges",
        kinds=("customer.merged", "customer.split"),
    ),
    "segments.hooks": Consumer(
        handler="regulars.segments.delivering:take_passages",
        kinds=("segment.entered", "segment.left"),
        live_only=True,
        max_age=timedelta(days=3),
    ),
    "loyalty.counts": Consumer(
        handler="regulars.loyalty.tasks:take_counts",
        kinds=(
            "order.paid",
            "order.returned",
            "order.cancelled",
            "order.adjusted",
            "points.earned",
            "points.returned",
        ),
    ),
    "loyalty.rules": Consumer(
        handler="regulars.loyalty.tasks:take_events",
        kinds=("*",),
        live_only=True,
        max_age=timedelta(days=3),
    ),
    "loyalty.merges": Consumer(
        handler="regulars.loyalty.tasks:take_merges",
        kinds=("customer.merged", "customer.split"),
        from_start=True,
    ),
    "loyalty.standings": Consumer(
        handler="regulars.loyalty.standing_tasks:take_changes",
        kinds=(
            "member.joined",
            "points.earned",
            "points.activated",
            "points.spent",
            "points.returned",
            "points.expired",
            "points.adjusted",
            "tier.changed",
            "code.issued",
            "code.used",
            "customer.merged",
            "customer.split",
        ),
        from_start=True,
    ),
    "loyalty.referrals": Consumer(
        handler="regulars.loyalty.reward_tasks:take_purchases",
        kinds=(
            "purchase.confirmed",
            "purchase.returned",
            "order.paid",
            "order.returned",
            "order.cancelled",
        ),
        live_only=True,
    ),
    "loyalty.passes": Consumer(
        handler="regulars.loyalty.card_tasks:take_changes",
        kinds=(
            "points.earned",
            "points.activated",
            "points.spent",
            "points.returned",
            "points.expired",
            "points.adjusted",
            "tier.changed",
        ),
    ),
    "value.changes": Consumer(
        handler="regulars.value.tasks:take_changes",
        kinds=(
            "order.paid",
            "order.returned",
            "order.adjusted",
            "order.cancelled",
            "order.status_changed",
            "customer.identified",
            "customer.merged",
            "customer.split",
        ),
    ),
}

# Who follows tables as well as the log, each in a thread of its own: functions without arguments
# that take one step and say how much there was to do.
FOLLOWERS: dict[str, str] = {
    "segments.membership": "regulars.segments.tasks:follow",
    "loyalty.seals": "regulars.loyalty.tasks:seal",
    "portal.codes": "regulars.portal.tasks:send_codes",
}

# What kind of inbox row is taken by whom.
INBOX: dict[str, str] = {
    "segment": "regulars.intake.processor:take_segment",
    "segment.refused": "regulars.intake.processor:keep_refused",
    "form": "regulars.intake.submissions:take",
    "form.refused": "regulars.intake.submissions:keep_refused",
    "connector": "regulars.intake.connectors.processing:take",
    "tracking": "regulars.messaging.tracking:take",
}

# Background work: the kind of a job and its handler.
JOBS: dict[str, str] = {
    "customers.find_duplicates": "regulars.customers.duplicates.tasks:find",
    "customers.merge_duplicates": "regulars.customers.duplicates.tasks:merge_many",
    "intake.import": "regulars.intake.importers.tasks:run_import_job",
    "intake.exchange": "regulars.intake.connectors.onec.bringing:run",
    "intake.pull": "regulars.intake.connectors.pull.pulling:run",
    "campaigns.launch": "regulars.campaigns.tasks:launch",
    "customers.batch": "regulars.customers.batches:run_job",
    "orders.poll": "regulars.orders.polling:poll",
    "reports.renew": "regulars.reports.tasks:renew",
    "value.score": "regulars.value.tasks:run_score",
    "value.cluster": "regulars.value.tasks:run_cluster",
    "segments.fill": "regulars.segments.tasks:fill",
    "segments.deliver": "regulars.segments.delivering:run",
    "segments.audience": "regulars.segments.handing:run",
    "privacy.erase": "regulars.privacy.tasks:erase",
    "loyalty.codes": "regulars.loyalty.code_tasks:run",
    "loyalty.passes": "regulars.loyalty.card_tasks:run",
    "loyalty.google_cards": "regulars.loyalty.google_tasks:run",
    "loyalty.night": "regulars.loyalty.tasks:run_night",
    "loyalty.replay": "regulars.loyalty.replay_tasks:run",
    "privacy.export": "regulars.privacy.tasks:export",
}

# Who tells the owner when a kind of job is given up because its workers died.
GAVE_UP: dict[str, str] = {
    "customers.find_duplicates": "regulars.customers.duplicates.tasks:gave_up",
    "intake.import": "regulars.intake.importers.tasks:gave_up",
    "intake.exchange": "regulars.intake.connectors.onec.bringing:gave_up",
    "intake.pull": "regulars.intake.connectors.pull.pulling:gave_up",
    "campaigns.launch": "regulars.campaigns.tasks:gave_up",
    "customers.batch": "regulars.customers.batches:gave_up",
    "segments.audience": "regulars.segments.handing:gave_up",
    "loyalty.codes": "regulars.loyalty.code_tasks:gave_up",
    "loyalty.replay": "regulars.loyalty.replay_tasks:gave_up",
}

# What is tidied every hour: functions without arguments, with transactions of their own.
CHORES: dict[str, str] = {
    "customers.exports": "regulars.customers.batches:expire_exports",
    "intake.uploads": "regulars.intake.tasks:expire_uploads",
    "intake.deliveries": "regulars.intake.connectors.tasks:tidy",
    "intake.sessions": "regulars.intake.tasks:expire_sessions",
    "customers.contacts": "regulars.customers.tasks:check_contacts",
    "customers.stops": "regulars.customers.tasks:settle_stops",
    "messaging.domains": "regulars.messaging.tasks:ask_domains",
    "jobs.done": "regulars.jobs.actions:prune",
    "orders.late": "regulars.orders.chores:mark_late",
    "orders.reservations": "regulars.orders.chores:expire_reservations",
    "audit.prune": "regulars.audit.tasks:prune",
    "value.clusters": "regulars.value.tasks:renew_clusters",
    "privacy.exports": "regulars.privacy.tasks:expire_exports",
    "segments.deliveries": "regulars.segments.delivering:prune",
    "segments.audiences": "regulars.segments.handing:expire",
    "segments.sizes": "regulars.segments.tasks:thin_sizes",
    "loyalty.gift_cards": "regulars.loyalty.code_tasks:end_gift_cards",
    "loyalty.referrals": "regulars.loyalty.reward_tasks:reward_friends",
    "loyalty.answers": "regulars.loyalty.till_tasks:prune",
    "loyalty.photos": "regulars.loyalty.reward_tasks:forget_photos",
    "portal.over": "regulars.portal.tasks:forget",
}

# What comes round every minute: functions without arguments, with transactions of their own.
MINUTE_CHORES: dict[str, str] = {
    "segments.hooks": "regulars.segments.delivering:nudge",
    "fields.discover": "regulars.fields.discovery:discover_all",
    "value.keep_up": "regulars.value.tasks:keep_up",
    "loyalty.holds": "regulars.loyalty.till_tasks:expire_holds",
    "loyalty.orphans": "regulars.loyalty.till_tasks:settle_waiting",
    "loyalty.passes": "regulars.loyalty.card_tasks:nudge",
    "loyalty.google_cards": "regulars.loyalty.google_tasks:nudge",
    "loyalty.coalition": "regulars.loyalty.reward_tasks:follow_coalitions",
    "loyalty.standings": "regulars.loyalty.standing_tasks:refresh_due",
    "loyalty.nights": "regulars.loyalty.tasks:nights",
}

# Facts that rules may ask about, by the room that owns them.
FACTS: tuple[str, ...] = (
    "regulars.customers.facts:FACTS",
    "regulars.orders.facts:FACTS",
    "regulars.value.facts:FACTS",
    "regulars.loyalty.facts:FACTS",
)

# Who may refer to segments and lists; each is asked before one is deleted or renamed.
SEGMENT_USERS: dict[str, str] = {
    "segments": "regulars.segments.queries.uses:in_segments",
    "views": "regulars.segments.queries.uses:in_views",
    "webhooks": "regulars.segments.queries.hooks:uses_of_hooks",
    "campaigns": "regulars.campaigns.queries:uses_of_segment",
    "loyalty": "regulars.loyalty.queries.segment_uses:uses_of_segment",
}

# What the list of customers may be narrowed by, and what its file tells besides.
LIST_CONDITIONS: tuple[str, ...] = (
    "regulars.segments.conditions:CONDITIONS",
    "regulars.orders.conditions:CONDITIONS",
    "regulars.value.conditions:CONDITIONS",
    "regulars.loyalty.conditions:CONDITIONS",
)
EXPORT_COLUMNS: tuple[str, ...] = ("regulars.orders.conditions:COLUMNS",)

# What templates may say.
PLACEHOLDERS: tuple[str, ...] = (
    "regulars.messaging.placeholders:PLACEHOLDERS",
    "regulars.loyalty.placeholders:NAMES",
    "regulars.portal.placeholders:PLACEHOLDERS",
    "regulars.portal.burn_letters:PLACEHOLDERS",
)

# Where the values below the first part of a placeholder's name come from.
PLACEHOLDER_VALUES: dict[str, str] = {
    "loyalty": "regulars.loyalty.placeholders:values",
    "portal": "regulars.portal.placeholders:values",
    "till": "regulars.portal.burn_letters:values",
}

# How a one-time code reaches a customer who signs in to their own account, by channel.
CODE_SENDERS: dict[str, str] = {
    "email": "regulars.portal.senders:EmailSender",
}

# How the code reaches a member that a programme asks for before points are burnt at a till.
BURN_CODES = "regulars.portal.burn_letters:send"

# How customers get the file of everything kept about them: the account may not enter that room.
OWN_DATA: dict[str, str] = {
    "ask": "regulars.privacy.actions:ask_export",
    "files": "regulars.privacy.queries:exports_of",
    "download": "regulars.privacy.actions:download",
}

# Who knows which things of a kind were erased, for the audit trail that still names them.
ERASED: dict[str, str] = {"customer": "regulars.privacy.queries:erased_among"}

# How a message leaves, by channel.
CHANNELS: dict[str, str] = {
    "email": "regulars.messaging.tasks:run_sender",
}

# What each room's tables hold of a person, for their export and their erasure.
TRACES: tuple[str, ...] = (
    "regulars.intake.erasure:TRACES",
    "regulars.reports.erasure:TRACES",
    "regulars.portal.erasure:TRACES",
    "regulars.campaigns.erasure:TRACES",
    "regulars.experiments.erasure:TRACES",
    "regulars.messaging.erasure:TRACES",
    "regulars.loyalty.erasure:TRACES",
    "regulars.segments.erasure:TRACES",
    "regulars.value.erasure:TRACES",
    "regulars.orders.erasure:TRACES",
    "regulars.customers.erasure:TRACES",
    "regulars.events.erasure:TRACES",
    "regulars.jobs.erasure:TRACES",
    "regulars.fields.erasure:TRACES",
    "regulars.audit.erasure:TRACES",
    "regulars.workspaces.erasure:TRACES",
    "regulars.privacy.erasure:TRACES",
)

# Tables copied to the lake.
LAKE: tuple[str, ...] = (
    "regulars.events.lake:RELATIONS",
    "regulars.customers.lake:RELATIONS",
    "regulars.orders.lake:RELATIONS",
    "regulars.messaging.lake:RELATIONS",
    "regulars.experiments.lake:RELATIONS",
    "regulars.value.lake:RELATIONS",
    "regulars.loyalty.lake:RELATIONS",
    "regulars.segments.lake:RELATIONS",
)

# Reports by name, for the command and the pages.
METRICS: dict[str, str] = {
    "base": "regulars.reports.queries:base",
    "rfm": "regulars.reports.queries:rfm",
    "cohorts": "regulars.reports.queries:cohorts",
    "campaign": "regulars.reports.queries:campaign",
}


def resolve(path: str) -> Any:
    """The object a dotted path names. raises ImportError, AttributeError"""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def load_plugins() -> None:
    """Let installed packages add their lines, in the order of their names."""
    for entry in sorted(entry_points(group=PLUGIN_GROUP), key=lambda e: e.name):
        entry.load()(sys.modules[__name__])
