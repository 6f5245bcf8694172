"""What rules may ask about where a customer stands in the programme."""

from __future__ import annotations

from regulars.rules.facts import Column, Fact


def _standing(column: str) -> Column:
    return Column(column, "loyalty")


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("loyalty.is_member", "bool", "", "Takes part in the programme",
             "Бере участь у програмі", "Участвует в программе", _standing("is_member")),
        Fact("loyalty.joined_on", "date", "", "Joined the programme on", "Дата вступу до програми",
             "Дата вступления в программу", _standing("joined_on")),
        Fact("loyalty.is_blocked", "bool", "", "May not spend points", "Списання балів заблоковано",
             "Списание баллов заблокировано", _standing("is_blocked")),
        Fact("loyalty.tier", "text", "", "Tier", "Рівень у програмі", "Уровень в программе",
             _standing("tier")),
        Fact("loyalty.tier_until", "date", "", "Tier kept until", "Рівень діє до",
             "Уровень действует до", _standing("tier_until")),
        Fact("loyalty.balance", "points", "points", "Points to spend", "Доступні бали",
             "Доступные баллы", _standing("balance")),
        Fact("loyalty.pending", "points", "points", "Points not active yet",
             "Бали, що ще не активні", "Ещё не активные баллы", _standing("pending")),
        Fact("loyalty.debt", "points", "points", "Points owed", "Борг у балах", "Долг в баллах",
             _standing("debt")),
        Fact("loyalty.next_expiry_on", "date", "", "Next points burn on",
             "Найближче згоряння балів", "Ближайшее сгорание баллов", _standing("next_expiry_on")),
        Fact("loyalty.next_expiry_points", "points", "points", "Points that burn next",
             "Скільки балів згорить найближчим часом", "Сколько баллов сгорит в ближайшую дату",
             _standing("next_expiry_points")),
        Fact("loyalty.has_code", "bool", "", "Has a personal code to use",
             "Має невикористаний особистий код", "Есть неиспользованный личный код",
             _standing("has_code")),
    )
}  # fmt: skip
