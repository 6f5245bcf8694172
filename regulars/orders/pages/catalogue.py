"""The catalogue: what is for sale and what was ever sold."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.orders import queries, words
from regulars.orders.pages import access
from regulars.orders.pure import keys
from regulars.orders.queries import desk
from regulars.workspaces.records import Right


@login_required
@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """Products, those that brought most first."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    search = access.text_of(request.GET, "search")
    category = access.text_of(request.GET, "category", 200)
    before = keys.read(request.GET.get("page", ""), tuple[int, int])
    rows = queries.products(workspace.id, search=search, category=category, before=before)
    shown = rows[: queries.PAGE_ROWS]
    after_url = ""
    if len(rows) > len(shown):
        after_url = access.next_url(request.GET, (shown[-1][1].sold_minor, shown[-1][0]))
    free = desk.free_of(workspace.id, [product.sku for _id, product in shown])
    tree = queries.categories(workspace.id)
    context = {
        "rows": [
            (
                product,
                free.get(product.sku),
                words.AVAILABLE.get(product.availability or ""),
                words.ITEMS.get(product.item or "") if product.item != "product" else None,
            )
            for _id, product in shown
        ],
        "search": search,
        "category": category,
        "categories": [("", _("Any category")), *((c.code, c.path) for c in tree)] if tree else [],
        "after_url": after_url,
        "before_url": "",
        "count": None,
    }
    return render(request, "orders/products.html", context)
