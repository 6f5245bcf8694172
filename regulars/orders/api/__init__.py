"""The desk over HTTP: orders under the room's own address, the rest beside it."""

from regulars.orders.api.costs import router as costs
from regulars.orders.api.leads import router as leads
from regulars.orders.api.orders import router
from regulars.orders.api.stock import catalogue, places, stock

MORE = (
    ("/leads", leads),
    ("/places", places),
    ("/stock", stock),
    ("/catalogue", catalogue),
    ("/costs", costs),
)

__all__ = ["MORE", "router"]
