"""Reads of customers."""

from regulars.customers.asked import filter_of
from regulars.customers.queries.batches import batch, batches
from regulars.customers.queries.cards import (
    card,
    customer_id_of,
    profiles,
    sources_of,
)
from regulars.customers.queries.companies import (
    companies,
    companies_named,
    companies_of,
    company,
    company_called,
    company_of_group,
    group_id_of,
    member_ids,
    members,
)
from regulars.customers.queries.contact import (
    address_as_kept,
    address_hashes,
    contact_refusals,
    hashes_now,
    marketing_channels,
    may_contact,
)
from regulars.customers.queries.desk import (
    done_tasks,
    due_count,
    every_note,
    note,
    notes_of,
    open_tasks,
    task,
    tasks_of,
)
from regulars.customers.queries.found import found
from regulars.customers.queries.identities import (
    find,
    find_many,
    identities,
    identity_faults,
    known,
    roots_of,
)
from regulars.customers.queries.lists import (
    countries,
    exact_count,
    export_rows,
    ids_after,
    ids_of_public,
    languages,
    page,
)
from regulars.customers.queries.merges import former, merges, own_id_of, shared_contacts
from regulars.customers.queries.persons import whole_person
from regulars.customers.queries.preferences import (
    erasure_requests,
    gaps_locked,
    has_asked_erasure,
    preferences,
    wishes,
)
from regulars.customers.queries.quality import (
    contact_flags,
    contact_flags_of,
    contact_state,
    domains_due,
)
from regulars.customers.queries.standing import are_ids_people, standings
from regulars.customers.queries.topics import consent_text, consent_texts, topics
from regulars.customers.queries.views import (
    any_view,
    list_taste,
    view,
    views,
    views_after,
    views_naming,
)

__all__ = [
    "address_as_kept",
    "address_hashes",
    "any_view",
    "are_ids_people",
    "batch",
    "batches",
    "card",
    "companies",
    "companies_named",
    "companies_of",
    "company",
    "company_called",
    "company_of_group",
    "consent_text",
    "consent_texts",
    "contact_flags",
    "contact_flags_of",
    "contact_refusals",
    "contact_state",
    "countries",
    "customer_id_of",
    "domains_due",
    "done_tasks",
    "due_count",
    "erasure_requests",
    "every_note",
    "exact_count",
    "export_rows",
    "filter_of",
    "find",
    "find_many",
    "former",
    "found",
    "gaps_locked",
    "group_id_of",
    "has_asked_erasure",
    "hashes_now",
    "identities",
    "identity_faults",
    "ids_after",
    "ids_of_public",
    "known",
    "languages",
    "list_taste",
    "marketing_channels",
    "may_contact",
    "member_ids",
    "members",
    "merges",
    "note",
    "notes_of",
    "open_tasks",
    "own_id_of",
    "page",
    "preferences",
    "profiles",
    "roots_of",
    "shared_contacts",
    "sources_of",
    "standings",
    "task",
    "tasks_of",
    "topics",
    "view",
    "views",
    "views_after",
    "views_naming",
    "whole_person",
    "wishes",
]
