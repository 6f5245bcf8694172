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
from regulars.customers.actions.preferences import (
    ask_erasure,
    choose_gap,
    pause_marketing,
    settle_erasure,
    wake_marketing,
)
from regulars.customers.actions.topics import add_consent_text, archive_topic, save_topic

__all__ = [
    "add_consent_text",
    "add_member",
    "archive_topic",
    "ask_erasure",
    "change_profile",
    "choose_gap",
    "give_consent",
    "identify_many",
    "join_companies",
    "leave_company",
    "lift_suppression",
    "lock_consents",
    "merge",
    "pause_marketing",
    "record_consents",
    "save_company",
    "save_topic",
    "settle_erasure",
    "suppress",
    "wake_marketing",
    "withdraw_consent",
]
