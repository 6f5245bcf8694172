"""Addresses of orders and products."""

from __future__ import annotations

from django.urls import path

from regulars.orders import pages

app_name = "orders"

urlpatterns = [
    path("", pages.listing, name="list"),
    path("products", pages.products, name="products"),
    path("by-id/<int:order_id>", pages.by_id, name="by_id"),
    path("<str:public_id>/", pages.order, name="order"),
    path("<str:public_id>/status", pages.set_status, name="status"),
    path("<str:public_id>/return", pages.take_back, name="return"),
]
