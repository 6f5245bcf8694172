"""What Tea & Bean sells."""

from __future__ import annotations

from dataclasses import dataclass

COFFEE, TEA, HERBAL = "Coffee", "Tea", "Herbal tea"
SWEETS, WARE, GIFTS = "Sweets", "Brewing ware", "Gift sets"
CATEGORIES = (COFFEE, TEA, HERBAL, SWEETS, WARE, GIFTS)
# How many of all lines a category has, and how much more of it sells before the New Year.
CATEGORY_WEIGHTS = (0.42, 0.24, 0.09, 0.12, 0.08, 0.05)


@dataclass(frozen=True, slots=True)
class Product:
    """Something on the shelf; the price is today's, in whole hryvnias."""

    sku: str
    name: str
    category: str
    brand: str
    price: int


def _shelf(category: str, prefix: str, rows: str) -> list[Product]:
    found = []
    for number, row in enumerate(rows.strip().splitlines(), 1):
        name, brand, price = (part.strip() for part in row.split("|"))
        found.append(Product(f"{prefix}{number:03d}", name, category, brand, int(price)))
    return found


PRODUCTS: tuple[Product, ...] = (
    *_shelf(COFFEE, "COF", """
        Podil Morning blend, 250 g | Tea & Bean | 265
        Ethiopia Yirgacheffe, 250 g | Tea & Bean | 345
        Espresso Dnipro, 1 kg | Tea & Bean | 790
        Colombia Huila, 250 g | Tea & Bean | 325
        Brazil Cerrado, 1 kg | Tea & Bean | 745
        Kenya Nyeri, 250 g | Tea & Bean | 395
        Guatemala Antigua, 250 g | Tea & Bean | 335
        Decaf Colombia, 250 g | Tea & Bean | 355
        Espresso Dnipro, 250 g | Tea & Bean | 235
        Honduras Marcala, 250 g | Tea & Bean | 310
        Ground for the moka pot, 200 g | Tea & Bean | 215
        Ground for the cezve, 200 g | Tea & Bean | 205
        Drip bags Ethiopia, 10 pcs | Tea & Bean | 245
        Drip bags assorted, 10 pcs | Tea & Bean | 255
        Costa Rica Tarrazu, 250 g | Tea & Bean | 365
        Geisha Panama, 100 g | Tea & Bean | 890"""),
    *_shelf(TEA, "TEA", """
        Assam breakfast, 100 g | Leaf House | 165
        Earl Grey, 100 g | Leaf House | 175
        Sencha, 100 g | Leaf House | 215
        Jasmine green, 100 g | Leaf House | 205
        Milk oolong, 100 g | Leaf House | 285
        Darjeeling first flush, 50 g | Leaf House | 345
        Ceylon orange pekoe, 100 g | Leaf House | 155
        Da Hong Pao, 50 g | Leaf House | 395
        Matcha, 30 g | Leaf House | 420
        Genmaicha, 100 g | Leaf House | 225
        Shu pu-erh cake, 100 g | Leaf House | 310
        Tie Guan Yin, 50 g | Leaf House | 295"""),
    *_shelf(HERBAL, "HRB", """
        Carpathian meadow, 80 g | Leaf House | 135
        Linden and honey, 80 g | Leaf House | 145
        Mint and lemon balm, 60 g | Leaf House | 120
        Rooibos vanilla, 100 g | Leaf House | 185
        Hibiscus, 100 g | Leaf House | 125
        Buckwheat tea, 100 g | Leaf House | 155"""),
    *_shelf(SWEETS, "SWT", """
        Dark chocolate 70%, 90 g | Lviv Cocoa | 115
        Milk chocolate with hazelnut, 90 g | Lviv Cocoa | 125
        Almond cantuccini, 200 g | Pantry | 140
        Honey nuts, 250 g | Pantry | 210
        Candied orange in chocolate, 150 g | Lviv Cocoa | 195
        Oat biscuits, 250 g | Pantry | 95
        Halva with pistachio, 300 g | Pantry | 175
        Dried pear, 200 g | Pantry | 130"""),
    *_shelf(WARE, "WAR", """
        Paper filters V60, 100 pcs | Brewer | 165
        Pour-over V60, ceramic | Brewer | 690
        French press, 600 ml | Brewer | 745
        Hand grinder | Brewer | 1890
        Cezve, copper, 250 ml | Brewer | 820
        Moka pot, 3 cups | Brewer | 980
        Glass teapot, 800 ml | Brewer | 640
        Travel mug, 350 ml | Brewer | 590
        Gooseneck kettle | Brewer | 2350
        Tea strainer | Brewer | 145"""),
    *_shelf(GIFTS, "GFT", """
        Coffee discovery box | Tea & Bean | 990
        Tea discovery box | Leaf House | 890
        Winter evening set | Tea & Bean | 1250
        Two mugs and a blend | Tea & Bean | 1090
        Gift card 1000 | Tea & Bean | 1000"""),
)  # fmt: skip
