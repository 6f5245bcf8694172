"""People with known twins, as shops have them: the truth for measuring a search for duplicates."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from regulars.customers.duplicates.people import Person

# Ukrainian, Russian and Latin spellings of the same names.
GIVEN = (
    ("Олександр", "Александр", "Oleksandr"), ("Юрій", "Юрий", "Yurii"),
    ("Сергій", "Сергей", "Serhii"), ("Андрій", "Андрей", "Andrii"),
    ("Дмитро", "Дмитрий", "Dmytro"), ("Володимир", "Владимир", "Volodymyr"),
    ("Микола", "Николай", "Mykola"), ("Іван", "Иван", "Ivan"), ("Максим", "Максим", "Maksym"),
    ("Олена", "Елена", "Olena"), ("Наталія", "Наталья", "Nataliia"),
    ("Тетяна", "Татьяна", "Tetiana"), ("Ірина", "Ирина", "Iryna"), ("Ольга", "Ольга", "Olha"),
    ("Марія", "Мария", "Mariia"), ("Катерина", "Екатерина", "Kateryna"),
    ("Світлана", "Светлана", "Svitlana"), ("Юлія", "Юлия", "Yuliia"),
    ("Ганна", "Анна", "Hanna"), ("Оксана", "Оксана", "Oksana"),
)  # fmt: skip
STEMS = (
    "Шевч", "Бойч", "Кравч", "Коваль", "Бондар", "Ткач", "Олій", "Лис", "Марч", "Руд", "Мороз",
    "Пав", "Левч", "Сав", "Петр", "Карп", "Гаври", "Мель", "Поліщ", "Хом", "Яц", "Жук", "Щерб",
    "Кузьм", "Гончар", "Дорош", "Семен", "Тарас", "Зінч", "Романч",
)  # fmt: skip
STARTS = ("", "", "За", "Пере", "Бі", "Чор", "Не", "До", "Ма", "Го", "Ве", "Ста")
ENDINGS = ("енко", "ук", "чук", "ів", "ський", "ко", "ець", "ик", "юк", "аренко")
RUSSIAN = {"і": "и", "ї": "и", "є": "е", "ґ": "г", "ський": "ский"}
LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "h", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "y",
    "і": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ь": "", "ю": "iu", "я": "ia", "є": "ie", "ї": "i",
}  # fmt: skip
CITIES = (
    ("Київ", "Киев", "Kyiv"), ("Львів", "Львов", "Lviv"), ("Одеса", "Одесса", "Odesa"),
    ("Харків", "Харьков", "Kharkiv"), ("Дніпро", "Днепр", "Dnipro"),
    ("Полтава", "Полтава", "Poltava"),
    ("Вінниця", "Винница", "Vinnytsia"), ("Чернівці", "Черновцы", "Chernivtsi"),
)  # fmt: skip
DOMAINS = ("gmail.com", "ukr.net", "i.ua", "outlook.com")


@dataclass(frozen=True, slots=True)
class Truth:
    """People, and which of them are the same (by ids, the smaller first)."""

    people: list[Person]
    twins: set[tuple[int, int]]


@dataclass(slots=True)
class _Real:
    given: tuple[str, str, str]
    family: str
    city: tuple[str, str, str]
    birth_on: date
    local: str
    phone: str


def town(count: int, *, twins_share: float, seed: int) -> Truth:
    """`count` people, and twins of a share of them who came by another way."""
    dice = random.Random(seed)
    people: list[Person] = []
    twins: set[tuple[int, int]] = set()
    for _ in range(count):
        real = _someone(dice, len(people))
        people.append(_told(dice, real, len(people) + 1))
        if dice.random() < twins_share:
            people.append(_told(dice, real, len(people) + 1, is_again=True))
            twins.add((len(people) - 1, len(people)))
    return Truth(people, twins)


def _someone(dice: random.Random, number: int) -> _Real:
    given = dice.choice(GIVEN)
    start, stem = dice.choice(STARTS), dice.choice(STEMS)
    family = start + (stem.lower() if start else stem) + dice.choice(ENDINGS)
    latin = _latin(family).lower()
    # One address has one owner; the letters before the number may well be alike.
    local = dice.choice((f"{latin}.{_latin(given[0]).lower()[0]}{number}", f"user{number}x"))
    return _Real(
        given,
        family,
        dice.choices(CITIES, weights=(30, 12, 12, 14, 10, 6, 6, 4))[0],
        date(1955, 1, 1) + timedelta(days=dice.randint(0, 18_000)),
        local,
        f"+38067{dice.randint(0, 9_999_999):07d}",
    )


def _told(dice: random.Random, real: _Real, number: int, *, is_again: bool = False) -> Person:
    way = dice.randrange(3)
    family = (real.family, _russian(real.family), _latin(real.family))[way]
    person = Person(
        number,
        first_name=real.given[way],
        last_name=family,
        birth_on=real.birth_on if dice.random() < 0.7 else None,
        email=f"{real.local}@{DOMAINS[0]}" if dice.random() < 0.8 else None,
        phone=real.phone if dice.random() < 0.7 else None,
        city=real.city[way] if dice.random() < 0.8 else None,
    )
    return _changed(dice, real, person) if is_again else person


def _changed(dice: random.Random, real: _Real, person: Person) -> Person:
    """What differs when the same person comes again."""
    if person.email and dice.random() < 0.7:
        person = replace(person, email=f"{real.local}@{dice.choice(DOMAINS[1:])}")
    if person.phone and dice.random() < 0.5:
        person = replace(person, phone=f"+38050{dice.randint(0, 9_999_999):07d}")
    if person.last_name and dice.random() < 0.12:
        at = dice.randrange(1, len(person.last_name))
        person = replace(person, last_name=person.last_name[:at] + person.last_name[at + 1 :])
    if person.birth_on and dice.random() < 0.06:
        person = replace(person, birth_on=person.birth_on + timedelta(days=dice.choice((1, 10))))
    if dice.random() < 0.2:
        both = f"{person.last_name} {person.first_name}"
        person = replace(person, name=both, first_name=None, last_name=None)
    return person


def _russian(text: str) -> str:
    for ours, theirs in reversed(RUSSIAN.items()):
        text = text.replace(ours, theirs)
    return text


def _latin(text: str) -> str:
    return "".join(LATIN.get(letter, letter) for letter in text.lower()).capitalize()
