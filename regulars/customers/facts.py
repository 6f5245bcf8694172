"""What rules may ask about a customer."""

from __future__ import annotations

from regulars.rules.facts import Column, Fact


def _of_column(name: str, kind: str, label_en: str, label_uk: str, label_ru: str) -> Fact:
    return Fact(
        name=f"customer.{name}",
        type=kind,  # type: ignore[arg-type]
        unit="",
        label_en=label_en,
        label_uk=label_uk,
        label_ru=label_ru,
        source=Column(name),
    )


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        _of_column("name", "text", "Name", "Ім'я", "Имя"),
        _of_column("first_name", "text", "First name", "Власне ім'я", "Личное имя"),
        _of_column("last_name", "text", "Last name", "Прізвище", "Фамилия"),
        _of_column("email", "text", "E-mail", "Електронна пошта", "Электронная почта"),
        _of_column("phone", "text", "Phone", "Телефон", "Телефон"),
        _of_column("external_id", "text", "Id in the shop", "Ідентифікатор у магазині",
                   "Идентификатор в магазине"),
        _of_column("city", "text", "City", "Місто", "Город"),
        _of_column("country", "text", "Country", "Країна", "Страна"),
        _of_column("region", "text", "Region", "Область", "Область"),
        _of_column("postal_code", "text", "Postal code", "Поштовий індекс", "Почтовый индекс"),
        _of_column("latitude", "number", "Latitude", "Широта", "Широта"),
        _of_column("longitude", "number", "Longitude", "Довгота", "Долгота"),
        _of_column("language", "text", "Language", "Мова", "Язык"),
        _of_column("gender", "text", "Gender", "Стать", "Пол"),
        _of_column("birth_on", "date", "Birthday", "День народження", "День рождения"),
        _of_column("first_seen_at", "time", "First seen", "Уперше помічено", "Впервые замечен"),
    )
}  # fmt: skip
