"""Reads of customers."""

from regulars.customers.queries.cards import card, customer_id_of, profiles
from regulars.customers.queries.companies import (
    companies,
    companies_named,
    companies_of,
    company,
    company_of_group,
    member_ids,
    members,
)
from regulars.customers.queries.contact import (
    address_hashes,
    contact_refusals,
    marketing_channels,
    may_contact,
)
from regulars.customers.queries.identities import find, identities, identity_faults, known, roots_of
from regulars.customers.queries.lists import countries, export_rows, page
from regulars.customers.queries.preferences import (
    erasure_requests,
    gaps_locked,
    has_asked_erasure,
    preferences,
    wishes,
)
from regulars.customers.queries.topics import consent_text, consent_texts, topics

__all__ = [
    "address_hashes",
    "card",
    "companies",
    "companies_named",
    "companies_of",
    "company",
    "company_of_group",
    "consent_text",
    "consent_texts",
    "contact_refusals",
    "countries",
    "customer_id_of",
    "erasure_requests",
    "export_rows",
    "find",
    "gaps_locked",
    "has_asked_erasure",
    "identities",
    "identity_faults",
    "known",
    "marketing_channels",
    "may_contact",
    "member_ids",
    "members",
    "page",
    "preferences",
    "profiles",
    "roots_of",
    "topics",
    "wishes",
]
