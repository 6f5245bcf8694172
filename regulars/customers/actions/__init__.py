"""Writes of customers: who they are, what they agreed to, where nothing may be sent."""

from regulars.customers.actions.companies import (
    add_member,
    join_companies,
    leave_company,
    save_company,
)
from regulars.customers.actions.consents import (
    give_consent,
    lift_suppression,
    lock_consents,
    record_consents,
    suppress,
    withdraw_consent,
)
from regulars.customers.actions.edit import change_profile
from regulars.customers.actions.identify import identify_many
from regulars.customers.actions.merge import merge

__all__ = [
    "add_member",
    "change_profile",
    "give_consent",
    "identify_many",
    "join_companies",
    "leave_company",
    "lift_suppression",
    "lock_consents",
    "merge",
    "record_consents",
    "save_company",
    "suppress",
    "withdraw_consent",
]
