"""Rules as a short text that people write and read, and back, without loss.

    customer.city in ["Kyiv", "Lviv"]
    and did order.paid where channel = "shop", total >= 5000 count >= 2 within last 90d
    and not (segment vip or list guests-2026)

The text is another spelling of the JSON: the same tree, the same limits, the same faults.
"""

from regulars.rules.text.reading import read
from regulars.rules.text.writing import write

__all__ = ["read", "write"]
