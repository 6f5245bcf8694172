"""What rules may ask about a customer's orders."""

from __future__ import annotations

from regulars.rules.facts import Fact, OrdersAggregate

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("order.count", "number", "", "Number of orders", "Кількість замовлень",
             "Количество заказов", OrdersAggregate("count")),
        Fact("order.total", "money", "", "Spent in total", "Витрачено всього",
             "Потрачено всего", OrdersAggregate("sum", "total_minor")),
        Fact("order.average", "money", "", "Average order", "Середнє замовлення",
             "Средний заказ", OrdersAggregate("avg", "total_minor")),
        Fact("order.largest", "money", "", "Largest order", "Найбільше замовлення",
             "Самый большой заказ", OrdersAggregate("max", "total_minor")),
        Fact("order.first_at", "time", "", "First order", "Перше замовлення",
             "Первый заказ", OrdersAggregate("min", "placed_at")),
        Fact("order.last_at", "time", "", "Last order", "Останнє замовлення",
             "Последний заказ", OrdersAggregate("max", "placed_at")),
    )
}  # fmt: skip
