"""The exchange with 1C, walked as 1C walks it."""

from __future__ import annotations

import base64
import io
import stat
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from django.http import HttpResponse
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars import wiring
from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.intake import erasure
from regulars.intake.connectors import actions, signins
from regulars.intake.connectors.onec import bringing, files, reading
from regulars.intake.connectors.onec.apply import Exchange
from regulars.intake.connectors.onec.reading import Group, Item, Named, Offer, OrderDocument
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    ConnectionState,
)
from regulars.intake.connectors.tests import shop as other
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.queries import desk
from regulars.orders.records import NewLine, NewOrder, OrderStatus
from regulars.store import place
from regulars.store.persons import Person
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

LOGIN = "exchange"
CATALOG = """<?xml version="1.0" encoding="{encoding}"?>
<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.09"
    ДатаФормирования="2026-05-04T10:00:00">
  <Классификатор>
    <Ид>8d9f1f3f</Ид><Наименование>Классификатор (Основной каталог)</Наименование>
    <Владелец><Ид>o1</Ид><Наименование>ТОВ Кава</Наименование></Владелец>
    <Группы>
      <Группа><Ид>g1</Ид><Наименование>Напої</Наименование>
        <Группы><Группа><Ид>g2</Ид><Наименование>Кава</Наименование></Группа></Группы>
      </Группа>
      <Группа><Ид>g3</Ид><Наименование>Посуд</Наименование></Группа>
    </Группы>
    <Свойства>
      <Свойство><Ид>p1</Ид><Наименование>Бренд</Наименование><ТипЗначений>Строка</ТипЗначений>
      </Свойство>
    </Свойства>
  </Классификатор>
  <Каталог СодержитТолькоИзменения="false">
    <Ид>8d9f1f3f</Ид><ИдКлассификатора>8d9f1f3f</ИдКлассификатора>
    <Наименование>Основной каталог товаров</Наименование>
    <Товары>
      <Товар>
        <Ид>bd72d8f9-55bc-11d9-848a-00112f43529a</Ид>
        <Артикул>ETH-250</Артикул>
        <Наименование>Кава Ефіопія 250 г</Наименование>
        <БазоваяЕдиница Код="796" НаименованиеПолное="Штука">шт</БазоваяЕдиница>
        <Группы><Ид>g2</Ид></Группы>
        <Картинка>import_files/bd/bd72.jpg</Картинка>
        <ЗначенияСвойств><ЗначенияСвойства><Ид>p1</Ид><Значение>Гора</Значение></ЗначенияСвойства>
        </ЗначенияСвойств>
        <СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка>
        </СтавкаНалога></СтавкиНалогов>
        <ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>ВидНоменклатуры</Наименование>
          <Значение>Товар</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>
      </Товар>
      <Товар>
        <Ид>dee6e1d0-55bc-11d9-848a-00112f43529a</Ид>
        <Артикул></Артикул>
        <Наименование>Чашка</Наименование>
        <Группы><Ид>g3</Ид></Группы>
        <Изготовитель><Ид>m1</Ид><Наименование>Кераміка</Наименование></Изготовитель>
      </Товар>
      <Товар Статус="Удален">
        <Ид>fff6e1d0</Ид><Артикул>OLD-1</Артикул><Наименование>Старий товар</Наименование>
      </Товар>
    </Товары>
  </Каталог>
</КоммерческаяИнформация>"""
OFFERS = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.09"
    ДатаФормирования="2026-05-04T10:00:01">
  <ПакетПредложений СодержитТолькоИзменения="false">
    <Ид>8d9f1f3f#</Ид><Наименование>Пакет предложений</Наименование>
    <ИдКаталога>8d9f1f3f</ИдКаталога>
    <ТипыЦен>
      <ТипЦены><Ид>t1</Ид><Наименование>Оптова</Наименование><Валюта>грн</Валюта></ТипЦены>
      <ТипЦены><Ид>t2</Ид><Наименование>Роздрібна</Наименование><Валюта>грн</Валюта></ТипЦены>
    </ТипыЦен>
    <Склады>
      <Склад><Ид>w1</Ид><Наименование>Київ</Наименование></Склад>
      <Склад><Ид>w2</Ид><Наименование>Львів</Наименование></Склад>
    </Склады>
    <Предложения>
      <Предложение>
        <Ид>bd72d8f9-55bc-11d9-848a-00112f43529a</Ид>
        <Артикул>ETH-250</Артикул><Наименование>Кава Ефіопія 250 г</Наименование>
        <Цены>
          <Цена><Представление>180 грн за шт</Представление><ИдТипаЦены>t1</ИдТипаЦены>
            <ЦенаЗаЕдиницу>180.555</ЦенаЗаЕдиницу><Валюта>грн</Валюта></Цена>
          <Цена><ИдТипаЦены>t2</ИдТипаЦены><ЦенаЗаЕдиницу>249,90</ЦенаЗаЕдиницу>
            <Валюта>грн</Валюта></Цена>
        </Цены>
        <Количество>17</Количество>
        <Склад ИдСклада="w1" КоличествоНаСкладе="12"/>
        <Склад ИдСклада="w2" КоличествоНаСкладе="5"/>
      </Предложение>
      <Предложение>
        <Ид>dee6e1d0-55bc-11d9-848a-00112f43529a#red</Ид>
        <Наименование>Чашка (червона)</Наименование>
        <Цены><Цена><ИдТипаЦены>t2</ИдТипаЦены><ЦенаЗаЕдиницу>1 120</ЦенаЗаЕдиницу>
          <Валюта>UAH</Валюта></Цена></Цены>
        <Остатки><Остаток><Склад><Ид>w2</Ид><Количество>-3</Количество></Склад></Остаток></Остатки>
      </Предложение>
    </Предложения>
  </ПакетПредложений>
</КоммерческаяИнформация>"""


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


class OneC:
    """The other side: it logs in, keeps its cookie, sends pieces and asks until it is told."""

    def __init__(self, connection: ConnectionRecord, kind: str = "catalog") -> None:
        self.url = f"/in/{connection.public_id}"
        self.kind = kind
        self.client = Client()
        self.limit = 0

    def ask(self, mode: str, **more: str) -> list[str]:
        return self.lines(self.client.get(self.url, {"type": self.kind, "mode": mode, **more}))

    @staticmethod
    def lines(answer: Any) -> list[str]:
        return str(answer.content.decode()).strip().split("\n")

    def login(self, password: str = other.SECRET, login: str = LOGIN) -> list[str]:
        basic = base64.b64encode(f"{login}:{password}".encode()).decode()
        told = self.lines(
            self.client.get(
                self.url, {"type": self.kind, "mode": "checkauth"},
                headers={"Authorization": f"Basic {basic}"},
            )
        )  # fmt: skip
        if told[0] == "success":
            self.client.cookies[told[1]] = told[2]
        return told

    def begin(self) -> None:
        assert self.login()[0] == "success"
        zip_, limit = self.ask("init")
        assert zip_ == "zip=yes"
        self.limit = int(limit.removeprefix("file_limit="))

    def send(self, name: str, content: bytes, piece: int = 700) -> list[str]:
        told = ["nothing"]
        for start in range(0, len(content), piece):
            told = self.piece(name, content[start : start + piece])
            if told[0] != "success":
                break
        return told

    def piece(self, name: str, content: bytes) -> list[str]:
        return self.lines(
            self.client.post(
                f"{self.url}?type={self.kind}&mode=file&filename={name}", content,
                content_type="application/octet-stream",
            )
        )  # fmt: skip

    def bring_in(self, name: str) -> list[str]:
        told = self.ask("import", filename=name)
        for _ in range(5):
            if told[0] != "progress":
                break
            work()
            told = self.ask("import", filename=name)
        return told


def work() -> None:
    while runner.run_once(wiring.JOBS, wiring.GAVE_UP):
        pass


def connect(shop: WorkspaceRecord, **more: Any) -> ConnectionRecord:
    return other.connect(
        shop, ConnectionKind.ONEC, login=LOGIN, price_type="Роздрібна",
        orders_since="2026-01-01", **more,
    )  # fmt: skip


def walk(connection: ConnectionRecord, sent: dict[str, bytes]) -> dict[str, list[str]]:
    """A whole exchange of the catalogue; what the last answer for each file was."""
    onec = OneC(connection)
    onec.begin()
    for name, content in sent.items():
        assert onec.send(name, content) == ["success"], name
    return {name: onec.bring_in(name) for name in sent}


def goods_of(shop: WorkspaceRecord) -> dict[str, tuple[Any, ...]]:
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT sku, name, category, brand, trim_scale(list_price)::text, availability"
            " FROM orders_product WHERE workspace_id = %s",
            [shop.id],
        )
        return {row[0]: row[1:] for row in raw.fetchall()}


def stock_of(shop: WorkspaceRecord) -> dict[tuple[str, str], Decimal]:
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT p.name, s.sku, trim_scale(s.on_hand) FROM orders_stock AS s JOIN orders_place"
            " AS p ON p.id = s.place_id WHERE s.workspace_id = %s",
            [shop.id],
        )
        return {(row[0], row[1]): row[2] for row in raw.fetchall()}


def versions(shop: WorkspaceRecord) -> list[Any]:
    """Which transaction wrote each row; a repeat that writes nothing leaves them as they are."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT sku, xmin::text FROM orders_product WHERE workspace_id = %s UNION ALL"
            " SELECT sku, xmin::text FROM orders_stock WHERE workspace_id = %s ORDER BY 1, 2",
            [shop.id, shop.id],
        )
        return raw.fetchall()


FULL = {
    "ETH-250": ("Кава Ефіопія 250 г", "Кава", "Гора", "249.9", "in_stock"),
    "dee6e1d0-55bc-11d9-848a-00112f43529a": ("Чашка", "Посуд", "Кераміка", None, None),
    "OLD-1": ("Старий товар", None, None, None, "out_of_stock"),
    "dee6e1d0-55bc-11d9-848a-00112f43529a#red":
        ("Чашка (червона)", None, None, "1120", "out_of_stock"),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_a_catalogue_comes_in_pieces(shop: WorkspaceRecord, encoding: str) -> None:
    connection = connect(shop)
    catalog = CATALOG.format(encoding=encoding).encode(encoding)

    told = walk(connection, {"import0_1.xml": catalog, "offers0_1.xml": OFFERS.encode()})

    assert told == {"import0_1.xml": ["success"], "offers0_1.xml": ["success"]}
    assert goods_of(shop) == FULL
    with scope(shop.id):
        assert [branch.path for branch in order_queries.categories(shop.id)] == [
            "Напої", "Напої > Кава", "Посуд",
        ]  # fmt: skip
    assert stock_of(shop) == {
        ("Київ", "ETH-250"): Decimal(12), ("Львів", "ETH-250"): Decimal(5),
        ("Львів", "dee6e1d0-55bc-11d9-848a-00112f43529a#red"): Decimal(0),
    }  # fmt: skip


def test_the_same_files_twice_change_nothing(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    sent = {"import.xml": CATALOG.format(encoding="utf-8").encode(), "offers.xml": OFFERS.encode()}
    walk(connection, sent)
    before = versions(shop)

    told = walk(connection, sent)
    # Written differently, saying the same: it is read again, and nothing is written.
    spaced = {name: content + b"\n" for name, content in sent.items()}
    walk(connection, spaced)

    assert set(map(tuple, told.values())) == {("success",)}
    assert versions(shop) == before
    reasons = [(one.outcome.value, one.reason) for one in other.log_of(shop, connection)]
    assert reasons == [("taken", "")] * 2 + [("ignored", "file_same")] * 2 + [("taken", "")] * 2


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_an_archive_holds_both_files(shop: WorkspaceRecord) -> None:
    connection, catalog = connect(shop), CATALOG.format(encoding="utf-8").encode()
    onec = OneC(connection)
    onec.begin()

    archive = zipped({"import.xml": catalog, "offers.xml": OFFERS.encode(), "a/pic.jpg": b"x"})
    assert onec.send("v8_1.zip", archive) == ["success"]

    assert onec.bring_in("import.xml") == ["success"]
    assert onec.bring_in("offers.xml") == ["success"]
    assert onec.ask("import", filename="prices.xml")[0] == "failure"
    assert goods_of(shop) == FULL


def linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("import.xml")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


@pytest.mark.parametrize(
    "archive",
    [zipped({"import.xml": b"0" * (1 << 20)}), zipped({"../import.xml": b"<a/>"}),
     zipped({"/etc/import.xml": b"<a/>"}), zipped({"a\\..\\import.xml": b"<a/>"}),
     zipped({"C:\\import.xml": b"<a/>"}), linked(), b"PK\x03\x04 broken", b"nothing"],
    ids=["bomb", "up", "root", "back", "drive", "link", "broken", "text"],
)  # fmt: skip
def test_archives_with_tricks_are_refused(shop: WorkspaceRecord, archive: bytes) -> None:
    onec = OneC(connect(shop))
    onec.begin()
    onec.send("goods.zip", archive, piece=1 << 20)

    assert onec.ask("import", filename="import.xml")[0] == "failure"
    assert goods_of(shop) == {}


@pytest.mark.parametrize(
    "name", ["../../etc/x.xml", "/etc/x.xml", "a/../../x.xml", "..%5C..%5Cx.xml", "C:x.xml",
             "x%0Asuccess.xml", "n" * 300 + ".xml", ""],
)  # fmt: skip
def test_names_that_are_paths_are_refused(shop: WorkspaceRecord, name: str) -> None:
    onec = OneC(connect(shop))
    onec.begin()

    assert onec.piece(name, b"<a/>")[0] == "failure"


BILLION = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol1 "&lol;&lol;&lol;">]><lolz>&lol1;</lolz>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<КоммерческаяИнформация>&x;</КоммерческаяИнформация>""".encode()
DEEP = ("<КоммерческаяИнформация>" + "<а>" * 60).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(BILLION, "holds what it must not"), (OUTSIDE, "holds what it must not"),
     (DEEP, "nested too deeply"), (b"<html/>", "no CommerceML"), (b"\xff\xfe rubbish", "readable"),
     (b'<?xml version="1.0" encoding="utf-99"?><a/>', "readable"),
     (CATALOG.format(encoding="utf-8").encode()[:-30], "readable")],
)  # fmt: skip
def test_broken_documents_are_told(shop: WorkspaceRecord, content: bytes, reason: str) -> None:
    connection = connect(shop)

    (told,) = walk(connection, {"import.xml": content}).values()

    assert told[0] == "failure" and reason in told[1]
    (line,) = other.log_of(shop, connection)
    assert line.outcome.value == "failed"


def test_an_exchange_cut_off_begins_again(shop: WorkspaceRecord) -> None:
    connection, catalog = connect(shop), CATALOG.format(encoding="utf-8").encode()
    onec = OneC(connection)
    onec.begin()
    onec.piece("import.xml", catalog[:500])
    onec.ask("init")
    onec.send("import.xml", catalog)
    assert onec.ask("import", filename="import.xml")[0] == "progress"
    assert onec.ask("import", filename="import.xml")[0] == "progress"
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM jobs_job WHERE workspace_id = %s AND kind = 'intake.exchange'",
            [shop.id],
        )
        assert raw.fetchall() == [(1,)]

    assert onec.bring_in("import.xml") == ["success"]
    assert len(goods_of(shop)) == 3


def test_an_import_that_dies_half_way_goes_on_to_the_same_end(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, catalog = connect(shop), CATALOG.format(encoding="utf-8").encode()
    monkeypatch.setattr(bringing, "BATCH_PARTS", 2)
    whole = Exchange.take
    calls: list[int] = []

    def dying(self: Exchange, parts: Any) -> None:
        calls.append(len(parts))
        whole(self, parts)
        if len(calls) == 3:
            raise RuntimeError("the worker dies")

    monkeypatch.setattr(Exchange, "take", dying)
    onec = OneC(connection)
    onec.begin()
    onec.send("import.xml", catalog)
    assert onec.ask("import", filename="import.xml")[0] == "progress"
    work()
    assert onec.ask("import", filename="import.xml")[0] == "progress"
    assert len(goods_of(shop)) < 3
    with scope(shop.id):
        cursor().execute(
            "UPDATE jobs_job SET due_at = now() - interval '1 second' WHERE workspace_id = %s",
            [shop.id],
        )

    assert onec.bring_in("import.xml") == ["success"]
    assert set(goods_of(shop)) == {"ETH-250", "OLD-1", "dee6e1d0-55bc-11d9-848a-00112f43529a"}


def test_strangers_learn_nothing(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    stranger = connect(workspace("florist"))
    onec = OneC(connection)

    assert onec.login("wrong")[0] == "failure"
    assert onec.login(login="admin")[0] == "failure"
    for mode in ("init", "file", "import", "query", "success"):
        answer = onec.client.get(onec.url, {"type": "sale", "mode": mode})
        assert answer.status_code == 401
    onec.login()
    # A session of one connection opens no other.
    onec.url = f"/in/{stranger.public_id}"
    assert onec.ask("init")[0] == "failure"


def order(shop: WorkspaceRecord, number: str, **more: Any) -> str:
    with scope(shop.id):
        written = orders.record_order(
            shop.id,
            NewOrder(
                number=number,
                placed_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
                currency="UAH",
                source="shop",
                lines=(
                    NewLine("ETH-250", Decimal(2), Decimal("249.90"), "Кава «Ефіопія» & <co>"),
                    NewLine("order:shipping", Decimal(1), Decimal("80.00"), "Доставка"),
                    NewLine("order:discount", Decimal(-1), Decimal("9.80"), "Знижка"),
                ),
                identity=Identity(
                    email="olena@example.com", phone="+380671112233",
                    traits={"first_name": "Олена", "last_name": "Їжак"},
                ),
                **more,
            ),
        )  # fmt: skip
    return written.public_id


def query(connection: ConnectionRecord) -> tuple[OneC, Any, HttpResponse]:
    onec = OneC(connection, "sale")
    onec.begin()
    answer = onec.client.get(onec.url, {"type": "sale", "mode": "query"})
    assert isinstance(answer, HttpResponse)
    return onec, fromstring(answer.content), answer


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_orders_are_handed_over_once_and_again_when_they_change(
    shop: WorkspaceRecord, encoding: str
) -> None:
    connection = connect(shop, encoding=encoding)
    walk(connection, {"import.xml": CATALOG.format(encoding="utf-8").encode()})
    public_id = order(shop, "A-1", status=OrderStatus.NEW)

    _, first, answer = query(connection)
    onec, again, _ = query(connection)
    assert onec.ask("success") == ["success"]
    _, after, _ = query(connection)
    with scope(shop.id):
        found = order_queries.order(shop.id, public_id)
        orders.set_status(shop.id, found.id, OrderStatus.PAID)
    _, changed, _ = query(connection)

    assert encoding in answer.content[:60].decode("latin-1").lower()
    (document,) = first.findall("Документ")
    assert [one.findtext("Ид") for one in again.findall("Документ")] == [public_id]
    assert after.findall("Документ") == []
    assert changed.findtext(
        "Документ/ЗначенияРеквизитов/ЗначениеРеквизита[Наименование='Статус заказа']/Значение"
    ) == "Оплачен"  # fmt: skip
    assert document.findtext("Сумма") == "570.00"
    assert (document.findtext("Дата"), document.findtext("Время")) == ("2026-05-04", "12:30:00")
    assert document.findtext("Контрагенты/Контрагент/Фамилия") == "Їжак"
    assert document.findtext("Скидки/Скидка/Сумма") == "9.80"
    goods, shipping = document.findall("Товары/Товар")
    assert goods.findtext("Ид") == "bd72d8f9-55bc-11d9-848a-00112f43529a"
    assert goods.findtext("Наименование") == "Кава «Ефіопія» & <co>"
    assert (goods.findtext("ЦенаЗаЕдиницу"), goods.findtext("Количество")) == ("249.9", "2")
    assert shipping.findtext("Ид") == "ORDER_DELIVERY"


BACK = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="{version}" ДатаФормирования="2026-05-05T10:00:00">{open}
  <Документ><Ид>{id}</Ид><Номер>A-1</Номер><Дата>2026-05-04</Дата>
    <ХозОперация>Заказ товара</ХозОперация><Роль>Продавец</Роль><Сумма>570.00</Сумма>
    <Товары><Товар><Ид>x</Ид><Наименование>Кава</Наименование></Товар></Товары>
    <ЗначенияРеквизитов>{requisites}</ЗначенияРеквизитов></Документ>{close}
</КоммерческаяИнформация>"""


@pytest.mark.parametrize(
    ("told", "status"),
    [({"Статус заказа": "[F] Доставлен"}, "delivered"), ({"Отменен": "true"}, "cancelled"),
     ({"ПометкаУдаления": "true"}, "cancelled"), ({"Дата оплаты по 1С": "2026-05-05"}, "paid"),
     ({"Дата оплаты по 1С": "2026-05-05", "Дата отгрузки по 1С": "2026-05-05"}, "shipped"),
     ({"Статус заказа": "Упаковано в пітьмі", "Отменен": "false"}, "new"),
     ({"Статус заказа": "Наш особливий"}, "processing")],
)  # fmt: skip
@pytest.mark.parametrize("version", ["2.05", "3.1"])
def test_orders_come_back_with_their_statuses(
    shop: WorkspaceRecord, told: dict[str, str], status: str, version: str
) -> None:
    connection = connect(shop, statuses={"наш особливий": "processing"})
    public_id = order(shop, "A-1", status=OrderStatus.NEW)
    requisites = "".join(
        f"<ЗначениеРеквизита><Наименование>{name}</Наименование><Значение>{value}</Значение>"
        "</ЗначениеРеквизита>" for name, value in told.items()
    )  # fmt: skip
    is_new = version == "3.1"
    body = BACK.format(
        version=version, id=public_id, requisites=requisites,
        open="<Контейнер>" if is_new else "", close="</Контейнер>" if is_new else "",
    ).encode()  # fmt: skip
    onec = OneC(connection, "sale")
    onec.begin()

    assert onec.send("orders.xml", body, piece=200) == ["success"]
    if is_new:
        assert onec.bring_in("orders.xml") == ["success"]
    else:
        work()

    with scope(shop.id):
        assert order_queries.order(shop.id, public_id).status == status


LINES = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.09" ДатаФормирования="2026-05-05T10:00:00">
  <Документ><Ид>{id}</Ид><Номер>A-1</Номер><Сумма>{total}</Сумма><Товары>
    <Товар><Ид>bd72d8f9-55bc-11d9-848a-00112f43529a</Ид><Артикул>ETH-250</Артикул>
      <Наименование>Кава «Ефіопія» &amp; &lt;co&gt;</Наименование>
      <ЦенаЗаЕдиницу>249.9</ЦенаЗаЕдиницу>
      <Количество>{count}</Количество><Сумма>{sum}</Сумма></Товар>
    <Товар><Ид>ORDER_DELIVERY</Ид><Наименование>Доставка</Наименование>
      <ЦенаЗаЕдиницу>80</ЦенаЗаЕдиницу><Количество>1</Количество><Сумма>80.00</Сумма></Товар>
    {more}</Товары></Документ>
</КоммерческаяИнформация>"""
CUP = """<Товар><Ид>dee6e1d0-55bc-11d9-848a-00112f43529a</Ид><Наименование>Чашка</Наименование>
  <ЦенаЗаЕдиницу>100</ЦенаЗаЕдиницу><Количество>1</Количество><Сумма>100.00</Сумма>
  <Скидки><Скидка><Сумма>20.00</Сумма><УчтеноВСумме>false</УчтеноВСумме></Скидка></Скидки></Товар>"""


def send_back(connection: ConnectionRecord, body: str) -> None:
    onec = OneC(connection, "sale")
    onec.begin()
    onec.send("orders.xml", body.encode())
    work()


def test_lines_changed_in_1c_come_back_unless_the_order_is_newer_here(
    shop: WorkspaceRecord,
) -> None:
    connection = connect(shop)
    walk(connection, {"import.xml": CATALOG.format(encoding="utf-8").encode()})
    public_id = order(shop, "A-1", status=OrderStatus.NEW)
    more = LINES.format(id=public_id, total="809.90", count=3, sum="749.70", more=CUP)
    same = LINES.format(id=public_id, total="570.00", count=2, sum="499.80", more="")

    send_back(connection, more)
    with scope(shop.id):
        found = order_queries.order(shop.id, public_id)
        assert found.total_minor == 57000
    onec, _, _ = query(connection)
    onec.ask("success")
    send_back(connection, same)
    with scope(shop.id):
        assert desk.corrections(shop.id, found.id) == []
    onec, _, _ = query(connection)
    onec.ask("success")
    send_back(connection, more)

    with scope(shop.id):
        found = order_queries.order(shop.id, public_id)
        lines = order_queries.lines(shop.id, found.id)
    assert found.total_minor == 80990 == sum(one.total_minor for one in lines)
    assert [(one.sku, one.quantity, one.total_minor) for one in lines] == [
        ("ETH-250", 3, 74970), ("order:shipping", 1, 8000),
        ("order:discount", -1, -9980), ("dee6e1d0-55bc-11d9-848a-00112f43529a", 1, 8000),
    ]  # fmt: skip
    counts = [line.counts for line in other.log_of(shop, connection)]
    assert {"orders_newer_here": 1, "documents": 1} in counts


def test_passwords_are_tried_so_often_and_no_more(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(shop)
    onec = OneC(connection)
    for _ in range(signins.TRIES_OF_ADDRESS_MAX):
        assert onec.login("wrong") == ["failure", "The login or the session is wrong."]
    assert onec.login()[0] == "failure"
    barred = onec.client.get(onec.url, {"type": "catalog", "mode": "checkauth"})
    assert (barred.status_code, 0 < int(barred["Retry-After"]) <= 900) == (429, True)

    onec.client = Client(REMOTE_ADDR="192.0.2.7")
    assert onec.login()[0] == "success"
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT who, tries FROM intake_signintry WHERE workspace_id = %s", [shop.id])
        rows = raw.fetchall()
    assert sorted(tries for _, tries in rows) == [10, 10]
    assert not any("127" in who or "." in who for who, _ in rows)

    monkeypatch.setattr(signins, "TRIES_MAX", 12)
    for number in range(2):
        onec.client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        onec.login("wrong")
    onec.client = Client(REMOTE_ADDR="192.0.2.99")
    assert onec.login()[0] == "failure"
    assert OneC(connect(shop)).login()[0] == "success"
    later = clock.now() + signins.WINDOW
    monkeypatch.setattr(clock, "now", lambda: later)
    assert onec.login()[0] == "success"
    assert signins.prune() >= 2


def test_a_foreign_order_is_not_found(shop: WorkspaceRecord) -> None:
    connection, florist = connect(shop), workspace("florist")
    foreign = order(florist, "Z-1", status=OrderStatus.NEW)
    told = "<ЗначениеРеквизита><Наименование>Отменен</Наименование><Значение>true</Значение>" + (
        "</ЗначениеРеквизита>"
    )
    body = BACK.format(version="2.05", id=foreign, requisites=told, open="", close="").encode()
    onec = OneC(connection, "sale")
    onec.begin()
    onec.send("orders.xml", body)
    work()

    with scope(florist.id):
        assert order_queries.order(florist.id, foreign).status == "new"
    (line,) = other.log_of(shop, connection)
    assert line.counts == {"order_unknown": 1}
    _, document, _ = query(connection)
    assert document.findall("Документ") == []


def test_a_paused_exchange_says_so(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    with scope(shop.id):
        actions.set_state(shop.id, connection.public_id, ConnectionState.PAUSED)
    onec = OneC(connection)
    onec.login()

    assert onec.ask("init") == ["failure", "This connection is paused."]


def parse(content: bytes) -> list[Any]:
    return list(reading.parts(io.BytesIO(content)))


def test_parts_are_read_in_order() -> None:
    found = parse(CATALOG.format(encoding="utf-8").encode()) + parse(OFFERS.encode())

    kinds = [type(one) for one in found]
    assert kinds == [Group] * 3 + [Named] + [Item] * 3 + [Named] * 4 + [Offer] * 2
    assert found[1].path in (("Напої", "Кава"), ("Посуд",))


def test_a_huge_part_is_refused_before_it_is_held() -> None:
    class Endless:
        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            assert self.given < reading.PART_BYTES_MAX + (1 << 20)
            start = "<КоммерческаяИнформация>" if self.given == size else ""
            return start.encode() + b"x" * size

    with pytest.raises(Invalid, match="too large"):
        list(reading.parts(Endless()))  # type: ignore[arg-type]


GOOD = [CATALOG.format(encoding="utf-8"), OFFERS,
        BACK.format(version="2.05", id="1", requisites="", open="", close="")]  # fmt: skip


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_altered_documents_are_read_or_refused(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(GOOD)).encode()
    for _ in range(data.draw(st.integers(0, 5))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 60)))
        content = content[:start] + data.draw(st.binary(max_size=12)) + content[end:]
    if data.draw(st.integers(0, 9)) == 0:
        content = data.draw(st.binary(max_size=300))

    with suppress(Invalid):
        for part in parse(content):
            assert isinstance(part, Group | Named | Item | Offer | OrderDocument)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_name_is_refused_or_leads_nowhere(name: str) -> None:
    with suppress(Invalid):
        assert ".." not in files.checked_name(name).split("/")
        assert not files.checked_name(name).startswith("/")


def test_a_file_sent_again_after_it_was_read_is_a_new_one(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    onec = OneC(connection)
    onec.begin()
    first = CATALOG.format(encoding="utf-8").encode()
    second = first.replace("Чашка".encode(), "Кухоль".encode())

    for content in (first, second):
        assert onec.send("import.xml", content) == ["success"]
        assert onec.bring_in("import.xml") == ["success"]

    assert goods_of(shop)["dee6e1d0-55bc-11d9-848a-00112f43529a"][0] == "Кухоль"


CUP_ID = "dee6e1d0-55bc-11d9-848a-00112f43529a"


def test_a_file_that_goes_back_within_its_exchange_is_news(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    first = CATALOG.format(encoding="utf-8").encode()
    second = first.replace("Чашка".encode(), "Кухоль".encode())
    walk(connection, {"import.xml": first})
    onec = OneC(connection)
    onec.begin()

    for content in (second, first):
        onec.send("import.xml", content)
        assert onec.bring_in("import.xml") == ["success"]

    assert goods_of(shop)[CUP_ID][0] == "Чашка"


def test_a_file_that_goes_back_after_one_that_broke_off_is_news(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "BATCH_PARTS", 1)
    connection = connect(shop)
    first = CATALOG.format(encoding="utf-8").encode()
    walk(connection, {"import.xml": first})
    broken = first.replace("Чашка".encode(), "Кухоль".encode())[:-40]

    assert walk(connection, {"import.xml": broken})["import.xml"][0] == "failure"
    assert goods_of(shop)[CUP_ID][0] == "Кухоль"
    walk(connection, {"import.xml": first})

    assert goods_of(shop)[CUP_ID][0] == "Чашка"


def test_the_buyer_of_an_order_is_who_they_were_merged_into(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    order(shop, "A-1", status=OrderStatus.NEW)
    with scope(shop.id):
        (found,) = order_queries.page(shop.id)
        assert found.customer_id is not None
        (root,) = customers.identify_many(
            shop.id, [Identity(email="root@example.com", traits={"last_name": "Корінь"})]
        )
        customers.merge(shop.id, found.customer_id, root, actor="anna@example.com")

    _, document, _ = query(connection)

    assert document.findtext("Документ/Контрагенты/Контрагент/Фамилия") in ("Корінь", "Їжак")
    assert document.findtext("Документ/Контрагенты/Контрагент/Ид") != "guest"


def exchange_files(shop: WorkspaceRecord) -> list[bytes]:
    folder = place.data_folder() / files.FOLDER / str(shop.id)
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_files_of_exchanges_that_name_an_erased_person_are_removed(shop: WorkspaceRecord) -> None:
    onec = OneC(connect(shop))
    onec.begin()
    onec.piece("named.xml", "<a><Почта>canary@example.com</Почта>".encode())
    onec.piece("other.xml", b"<a>oleg@example.com")
    person = Person(shop.id, (1,), ("x",), (("email", "canary@example.com"),))

    with scope(shop.id):
        assert erasure.forget_exchanges(person) == {"exchange_files": 1}
        assert erasure.forget_exchanges(person) == {"exchange_files": 0}

    assert exchange_files(shop) == [b"<a>oleg@example.com"]
    assert onec.ask("import", filename="named.xml")[0] == "failure"


def test_an_erasure_waits_for_an_exchange_under_way(shop: WorkspaceRecord) -> None:
    onec = OneC(connect(shop))
    onec.begin()
    onec.send("import.xml", CATALOG.format(encoding="utf-8").encode())
    assert onec.ask("import", filename="import.xml")[0] == "progress"

    with scope(shop.id), pytest.raises(Outside) as told:
        erasure.forget_exchanges(Person(shop.id, (1,), ("x",), (("email", "a@example.com"),)))

    assert told.value.code == "import_running"


def test_a_deleted_connection_leaves_no_files(shop: WorkspaceRecord) -> None:
    connection = connect(shop)
    onec = OneC(connection)
    onec.begin()
    onec.piece("import.xml", b"<a>")
    assert len(exchange_files(shop)) == 1

    with scope(shop.id):
        actions.delete_connection(shop.id, connection.public_id)

    assert exchange_files(shop) == []
