"""A till's side of the till protocol: one file of calls, one file that survives power cuts."""

from regulars_till.client import Offline, Refused, Till
from regulars_till.journal import Journal

__all__ = ["Journal", "Offline", "Refused", "Till"]
