"""Writes of customers: who they are, what they agreed to, where nothing may be sent."""

from regulars.customers.actions.bulk import begin_batch, fail_batch, move_export, step_batch
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
from regulars.customers.actions.identify import alias, identify_and_count, identify_many
from regulars.customers.actions.merge import merge, merge_two
from regulars.customers.actions.notes import add_note, change_note, delete_note, pin_note
from regulars.customers.actions.preferences import (
    ask_erasure,
    choose_gap,
    pause_marketing,
    settle_erasure,
    wake_marketing,
)
from regulars.customers.actions.quality import (
    accept_suggestions,
    check_contacts,
    dismiss_flags,
    record_domains,
)
from regulars.customers.actions.standing import change_identity_rules, confirm_contact
from regulars.customers.actions.tasks import finish_task, give_task, reopen_task
from regulars.customers.actions.topics import add_consent_text, archive_topic, save_topic
from regulars.customers.actions.unmerge import unmerge
from regulars.customers.actions.views import (
    add_view,
    change_view,
    choose_columns,
    choose_view,
    delete_view,
    save_view,
)

__all__ = [
    "accept_suggestions",
    "add_consent_text",
    "add_member",
    "add_note",
    "add_view",
    "alias",
    "archive_topic",
    "ask_erasure",
    "begin_batch",
    "change_identity_rules",
    "change_note",
    "change_profile",
    "change_view",
    "check_contacts",
    "choose_columns",
    "choose_gap",
    "choose_view",
    "confirm_contact",
    "delete_note",
    "delete_view",
    "dismiss_flags",
    "fail_batch",
    "finish_task",
    "give_consent",
    "give_task",
    "identify_and_count",
    "identify_many",
    "join_companies",
    "leave_company",
    "lift_suppression",
    "lock_consents",
    "merge",
    "merge_two",
    "move_export",
    "pause_marketing",
    "pin_note",
    "record_consents",
    "record_domains",
    "reopen_task",
    "save_company",
    "save_topic",
    "save_view",
    "settle_erasure",
    "step_batch",
    "suppress",
    "unmerge",
    "wake_marketing",
    "withdraw_consent",
]
