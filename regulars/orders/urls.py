"""Addresses of the desk: orders, leads, products, stock, and the customer's page."""

from __future__ import annotations

from django.urls import path

from regulars.orders.pages import carriers, catalogue, leads, listing, making, orders, public, stock

app_name = "orders"

urlpatterns = [
    path("orders/", listing.listing, name="list"),
    path("orders/export", listing.export, name="export"),
    path("orders/bulk", listing.bulk, name="bulk"),
    path("orders/new", making.new, name="new"),
    path("orders/products", catalogue.products, name="products"),
    path("orders/stock", stock.stock, name="stock"),
    path("orders/stock/count", stock.count, name="count_stock"),
    path("orders/places", stock.places, name="places"),
    path("orders/places/save", stock.save_place, name="save_place"),
    path("orders/places/support", stock.save_support, name="support"),
    path("orders/carriers", carriers.carriers, name="carriers"),
    path("orders/carriers/save", carriers.save, name="save_carrier"),
    path("hooks/carriers/<str:token>", carriers.news, name="carrier_news"),
    path("orders/leads", leads.listing, name="leads"),
    path("orders/leads/new", leads.new, name="new_lead"),
    path("orders/leads/<str:public_id>", leads.lead, name="lead"),
    path("orders/leads/<str:public_id>/change", leads.change, name="change_lead"),
    path("orders/leads/<str:public_id>/comment", leads.comment, name="comment_lead"),
    path("orders/leads/<str:public_id>/convert", leads.convert, name="convert_lead"),
    path("orders/by-id/<int:order_id>", orders.by_id, name="by_id"),
    path("orders/<str:public_id>/", orders.order, name="order"),
    path("orders/<str:public_id>/status", orders.set_status, name="status"),
    path("orders/<str:public_id>/return", orders.take_back, name="return"),
    path("orders/<str:public_id>/payment", orders.pay, name="pay"),
    path("orders/<str:public_id>/payment-link", orders.ask_payment, name="ask_payment"),
    path("orders/<str:public_id>/on-delivery", orders.pays_on_delivery, name="pays_on_delivery"),
    path("orders/<str:public_id>/lines", orders.correct, name="correct"),
    path("orders/<str:public_id>/delivery", orders.deliver, name="deliver"),
    path("orders/<str:public_id>/assign", orders.assign, name="assign"),
    path("orders/<str:public_id>/comment", orders.comment, name="comment"),
    path("orders/<str:public_id>/reserve", orders.reserve, name="reserve"),
    path("orders/<str:public_id>/page", orders.open_page, name="open_page"),
    path("t/<str:token>", public.order, name="public"),
]
