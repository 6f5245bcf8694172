"""The one table of rights: what each role may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The part a member plays in a workspace."""

    OWNER = "owner"
    MARKETER = "marketer"
    ANALYST = "analyst"
    SHOP_MANAGER = "shop_manager"
    CASHIER = "cashier"
    SUPPORT = "support"
    ORDER_MANAGER = "order_manager"


class Right(StrEnum):
    """Something a member may be allowed to do."""

    REPORTS_VIEW = "reports.view"
    CUSTOMERS_VIEW = "customers.view"
    CUSTOMERS_EDIT = "customers.edit"
    CUSTOMERS_EXPORT = "customers.export"
    CUSTOMERS_ERASE = "customers.erase"
    SEGMENTS_VIEW = "segments.view"
    SEGMENTS_EDIT = "segments.edit"
    CAMPAIGNS_VIEW = "campaigns.view"
    CAMPAIGNS_EDIT = "campaigns.edit"
    CAMPAIGNS_SEND = "campaigns.send"
    TEMPLATES_EDIT = "templates.edit"
    ORDERS_VIEW = "orders.view"
    ORDERS_EDIT = "orders.edit"
    DATA_IMPORT = "data.import"
    DATA_VIEW = "data.view"
    SETTINGS_EDIT = "settings.edit"
    TEAM_EDIT = "team.edit"
    AUDIT_VIEW = "audit.view"
    LOYALTY_VIEW = "loyalty.view"
    LOYALTY_EDIT = "loyalty.edit"
    LOYALTY_ADJUST = "loyalty.adjust"
    LOYALTY_TILL = "loyalty.till"


_LOOK = frozenset(
    {
        Right.REPORTS_VIEW,
        Right.CUSTOMERS_VIEW,
        Right.SEGMENTS_VIEW,
        Right.ORDERS_VIEW,
        Right.LOYALTY_VIEW,
    }
)
_MARKET = _LOOK | {
    Right.CUSTOMERS_EDIT, Right.CUSTOMERS_EXPORT, Right.SEGMENTS_EDIT, Right.CAMPAIGNS_VIEW,
    Right.CAMPAIGNS_EDIT, Right.CAMPAIGNS_SEND, Right.TEMPLATES_EDIT, Right.DATA_IMPORT,
    Right.DATA_VIEW, Right.LOYALTY_EDIT, Right.LOYALTY_TILL,
}  # fmt: skip

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MARKETER: frozenset(_MARKET),
    Role.ANALYST: frozenset(
        _LOOK | {Right.SEGMENTS_EDIT, Right.CAMPAIGNS_VIEW, Right.CUSTOMERS_EXPORT, Right.DATA_VIEW}
    ),
    Role.SHOP_MANAGER: frozenset(
        {
            Right.REPORTS_VIEW,
            Right.CUSTOMERS_VIEW,
            Right.CUSTOMERS_EDIT,
            Right.ORDERS_VIEW,
            Right.ORDERS_EDIT,
            Right.LOYALTY_VIEW,
            Right.LOYALTY_ADJUST,
            Right.LOYALTY_TILL,
        }
    ),
    # Who the customer is, not what they spent: the timeline and the list leave orders out.
    Role.CASHIER: frozenset({Right.CUSTOMERS_VIEW, Right.LOYALTY_TILL}),
    Role.SUPPORT: frozenset(
        {
            Right.CUSTOMERS_VIEW,
            Right.CUSTOMERS_EDIT,
            Right.ORDERS_VIEW,
            Right.LOYALTY_VIEW,
            Right.LOYALTY_ADJUST,
        }
    ),
    Role.ORDER_MANAGER: frozenset({Right.CUSTOMERS_VIEW, Right.ORDERS_VIEW, Right.ORDERS_EDIT}),
}


def may(role: Role, right: Right) -> bool:
    """Whether a member of this role may do it."""
    return right in RIGHTS[role]
