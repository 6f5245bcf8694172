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

__all__ = [
    "address_hashes",
    "card",
    "companies",
    "companies_named",
    "companies_of",
    "company",
    "company_of_group",
    "contact_refusals",
    "countries",
    "customer_id_of",
    "export_rows",
    "find",
    "identities",
    "identity_faults",
    "known",
    "marketing_channels",
    "may_contact",
    "member_ids",
    "members",
    "page",
    "profiles",
    "roots_of",
]
