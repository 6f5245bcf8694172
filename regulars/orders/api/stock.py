"""Places, stock and the catalogue over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from regulars.orders import actions, queries
from regulars.orders.api.common import Strict, workspace_id_of
from regulars.orders.desk_records import PlaceRecord
from regulars.orders.pure import keys
from regulars.orders.queries import desk
from regulars.orders.records import ItemKind, NewProduct, ProductRecord

places = Router(tags=["places"])
stock = Router(tags=["stock"])
catalogue = Router(tags=["catalogue"])
ROWS_MAX = 1_000


class PlaceIn(Strict):
    name: str = Field(min_length=1, max_length=200)
    address: str = Field("", max_length=200)
    phone: str = Field("", max_length=200)
    is_open: bool = True


class PlaceOut(Schema):
    id: str
    name: str
    address: str
    phone: str
    is_open: bool


class PlacesOut(Schema):
    places: list[PlaceOut]


class CountIn(Strict):
    sku: str = Field(min_length=1, max_length=200)
    quantity: Decimal = Field(ge=0, max_digits=18, decimal_places=6)


class StockIn(Strict):
    place: str = Field(min_length=1, max_length=40)
    rows: list[CountIn] = Field(min_length=1, max_length=ROWS_MAX)


class ChangedOut(Schema):
    changed: int


class StockOut(Schema):
    place: str
    sku: str
    on_hand: str
    reserved: str
    free: str


class StocksOut(Schema):
    stock: list[StockOut]
    next: str | None


class ProductIn(Strict):
    sku: str = Field(min_length=1, max_length=200)
    name: str | None = Field(None, max_length=500)
    category: str | None = Field(None, max_length=500)
    brand: str | None = Field(None, max_length=500)
    price: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=6)
    old_price: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=6)
    url: str | None = Field(None, max_length=2_000)
    picture_url: str | None = Field(None, max_length=2_000)
    availability: Literal["in_stock", "out_of_stock", "preorder"] | None = None
    item: ItemKind | None = None
    duration_min: int | None = Field(None, gt=0, le=527_040)


class CatalogueIn(Strict):
    products: list[ProductIn] = Field(min_length=1, max_length=ROWS_MAX)


class ProductOut(Schema):
    sku: str
    name: str | None
    category: str | None
    brand: str | None
    price: str | None
    old_price: str | None
    last_sold_price: str | None
    url: str | None
    picture_url: str | None
    availability: str | None
    item: str
    duration_min: int | None
    is_stocked: bool
    free: str | None


class CatalogueOut(Schema):
    products: list[ProductOut]
    next: str | None


@places.get("", response=PlacesOut)
def list_places(request: HttpRequest) -> dict[str, object]:
    """The shops and store rooms."""
    return {"places": [_place(p) for p in desk.places(workspace_id_of(request))]}


@places.post("", response={201: PlaceOut})
def add_place(request: HttpRequest, body: PlaceIn) -> Any:
    """Enter a shop or store room; its name is its key."""
    workspace_id = workspace_id_of(request)
    public_id = actions.save_place(workspace_id, **body.dict())
    return 201, _place(desk.place(workspace_id, public_id))


@places.put("/{public_id}", response=PlaceOut)
def change_place(request: HttpRequest, public_id: str, body: PlaceIn) -> dict[str, object]:
    """Write a place anew."""
    workspace_id = workspace_id_of(request)
    actions.save_place(workspace_id, public_id=public_id, **body.dict())
    return _place(desk.place(workspace_id, public_id))


@stock.get("", response=StocksOut)
def list_stock(
    request: HttpRequest, place: str = "", sku: str = "", after: str = ""
) -> dict[str, object]:
    """What lies where, by code, 50 a page."""
    workspace_id = workspace_id_of(request)
    names = {p.id: p.public_id for p in desk.places(workspace_id)}
    found = desk.stock(
        workspace_id,
        place_id=desk.place(workspace_id, place).id if place else None,
        sku=sku or None,
        after=keys.read(after, tuple[str, int]),
    )
    shown = found[: queries.PAGE_ROWS]
    return {
        "stock": [
            {
                "place": names.get(row.place_id, ""),
                "sku": row.sku,
                "on_hand": _plain(row.on_hand),
                "reserved": _plain(row.reserved),
                "free": _plain(row.free),
            }
            for row in shown
        ],
        "next": keys.write((shown[-1].sku, shown[-1].place_id))
        if len(found) > len(shown)
        else None,
    }


@stock.put("", response=ChangedOut)
def set_stock(request: HttpRequest, body: StockIn) -> dict[str, object]:
    """Write how much lies in a place; the same again changes nothing, promises stay."""
    workspace_id = workspace_id_of(request)
    place = desk.place(workspace_id, body.place)
    counted = {row.sku: row.quantity for row in body.rows}
    return {"changed": actions.set_stock(workspace_id, place.id, counted)}


@catalogue.get("", response=CatalogueOut)
def list_products(
    request: HttpRequest, search: str = "", category: str = "", after: str = ""
) -> dict[str, object]:
    """Products, those that brought most first, 50 a page."""
    workspace_id = workspace_id_of(request)
    found = queries.products(
        workspace_id,
        search=search[:100],
        category=category,
        before=keys.read(after, tuple[int, int]),
    )
    shown = found[: queries.PAGE_ROWS]
    free = desk.free_of(workspace_id, [p.sku for _id, p in shown])
    more = len(found) > len(shown)
    return {
        "products": [_product(p, free.get(p.sku)) for _id, p in shown],
        "next": keys.write((shown[-1][1].sold_minor, shown[-1][0])) if more else None,
    }


@catalogue.put("", response=ChangedOut)
def write_catalogue(request: HttpRequest, body: CatalogueIn) -> dict[str, object]:
    """Enter products or write them anew by their code; the same again changes nothing."""
    products = [NewProduct(**product.dict()) for product in body.products]
    return {"changed": actions.write_catalogue(workspace_id_of(request), products)}


@catalogue.get("/one", response=ProductOut)
def one_product(request: HttpRequest, sku: str) -> dict[str, object]:
    """One product by its code."""
    workspace_id = workspace_id_of(request)
    found = queries.product(workspace_id, sku)
    return _product(found, desk.free_of(workspace_id, [sku]).get(sku))


def _place(place: PlaceRecord) -> dict[str, object]:
    return {
        "id": place.public_id,
        "name": place.name,
        "address": place.address,
        "phone": place.phone,
        "is_open": place.is_open,
    }


def _product(product: ProductRecord, free: Decimal | None) -> dict[str, object]:
    return {
        "price": _some(product.list_price),
        "old_price": _some(product.old_price),
        "last_sold_price": _some(product.price),
        "item": product.item or ItemKind.PRODUCT,
        "free": _some(free),
        **{
            name: getattr(product, name)
            for name in (
                "sku", "name", "category", "brand", "url", "picture_url", "availability",
                "duration_min", "is_stocked",
            )
        },
    }  # fmt: skip


def _some(value: Decimal | None) -> str | None:
    return None if value is None else _plain(value)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
