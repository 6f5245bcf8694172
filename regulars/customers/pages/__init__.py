"""Screens of customers."""

from regulars.customers.pages.card import card, personal_data, timeline
from regulars.customers.pages.consents import allow_address, say_consent
from regulars.customers.pages.editing import edit, new
from regulars.customers.pages.listing import export, listing

__all__ = [
    "allow_address",
    "card",
    "edit",
    "export",
    "listing",
    "new",
    "personal_data",
    "say_consent",
    "timeline",
]
