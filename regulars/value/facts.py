"""What rules may ask about where a customer stands."""

from __future__ import annotations

from regulars.rules.facts import Column, Fact

CLASS_WORDS = (
    ("champions", "Champions", "Чемпіони", "Чемпионы"),
    ("loyal", "Loyal", "Лояльні", "Лояльные"),
    ("potential_loyalists", "Potential loyalists", "Майже лояльні", "Почти лояльные"),
    ("new", "New", "Нові", "Новые"),
    ("promising", "Promising", "Перспективні", "Перспективные"),
    ("need_attention", "Need attention", "Потребують уваги", "Требуют внимания"),
    ("about_to_sleep", "About to sleep", "Засинають", "Засыпают"),
    ("at_risk", "At risk", "У зоні ризику", "В зоне риска"),
    ("cant_lose", "Can’t lose", "Не можна втратити", "Нельзя потерять"),
    ("hibernating", "Hibernating", "Сплячі", "Спящие"),
)
STAGE_WORDS = (
    ("prospect", "Prospect", "Потенційні", "Потенциальные"),
    ("first", "First purchase", "Перша покупка", "Первая покупка"),
    ("repeat", "Repeat", "Повторні", "Повторные"),
    ("loyal", "Loyal", "Лояльні", "Лояльные"),
    ("cooling", "Cooling", "Остигають", "Остывают"),
    ("lost", "Lost", "Втрачені", "Потерянные"),
)


def _score(column: str) -> Column:
    return Column(column, "scores")


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("value.rfm_class", "text", "", "RFM class", "Клас RFM", "Класс RFM",
             _score("rfm_class"), CLASS_WORDS),
        Fact("value.recency_fifth", "number", "", "Recency score, 1–5", "Оцінка давності, 1–5",
             "Оценка давности, 1–5", _score("recency_fifth")),
        Fact("value.frequency_fifth", "number", "", "Frequency score, 1–5",
             "Оцінка частоти, 1–5", "Оценка частоты, 1–5", _score("frequency_fifth")),
        Fact("value.money_fifth", "number", "", "Money score, 1–5", "Оцінка витрат, 1–5",
             "Оценка трат, 1–5", _score("money_fifth")),
        Fact("value.stage", "text", "", "Life-cycle stage", "Етап життєвого циклу",
             "Этап жизненного цикла", _score("stage"), STAGE_WORDS),
        Fact("value.stage_since", "date", "", "In this stage since", "На цьому етапі з",
             "На этом этапе с", _score("stage_since")),
        Fact("value.cluster", "text", "", "Cluster", "Кластер", "Кластер", _score("cluster")),
        Fact("value.gap_days", "number", "days", "Days expected between purchases",
             "Очікувані дні між покупками", "Ожидаемые дни между покупками", _score("gap_days")),
        Fact("value.next_order_on", "date", "", "Next purchase expected on",
             "Очікуваний день наступної покупки", "Ожидаемый день следующей покупки",
             _score("next_on")),
        Fact("value.orders", "number", "", "Orders that count in reports",
             "Замовлення, що рахуються у звітах", "Заказы, которые идут в отчёты",
             _score("orders")),
        Fact("value.spent", "money", "", "Spent, as reports count", "Витрачено, як у звітах",
             "Потрачено, как в отчётах", _score("money_minor")),
        Fact("value.last_order_on", "date", "", "Last purchase day", "Останній день покупки",
             "Последний день покупки", _score("last_on")),
        Fact("value.returns_share", "number", "", "Share of money returned, 0–1",
             "Частка повернених грошей, 0–1", "Доля возвращённых денег, 0–1",
             _score("returns_share")),
        Fact("value.top_category", "text", "", "Favourite category", "Улюблена категорія",
             "Любимая категория", _score("top_category")),
    )
}  # fmt: skip
