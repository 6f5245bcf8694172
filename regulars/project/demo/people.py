"""Who shops at Tea & Bean. Names are common ones; addresses and numbers belong to nobody."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import numpy as np

from regulars.project.demo.records import Floats, Person, Plan

# Reserved for examples; no letter to them can arrive anywhere.
DOMAINS = ("example.com", "example.net", "example.org")
# Ukraine reserves no mobile numbers for examples. These are of code 92, of a CDMA network whose
# phones are long out of use; nothing in the demo could call or text them.
PHONE = "+38092{:07d}"

UKRAINIAN = {
    "female": "Олена Марія Ірина Наталія Оксана Юлія Катерина Анна Софія Тетяна Дарина Соломія"
    " Вікторія Світлана Людмила Надія Христина Поліна Галина Вероніка",
    "male": "Андрій Олександр Дмитро Сергій Іван Максим Богдан Тарас Юрій Віктор Микола Олег"
    " Назар Роман Артем Василь Павло Остап Денис Ігор",
    "last": "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Поліщук Бойко"
    " Лисенко Мельник Марченко Савченко Руденко Петренко Мороз Клименко Павленко Гончаренко"
    " Захарченко Романюк Білик Дячук Левченко Швець Яремчук Кушнір Литвин Гайдук Сорока",
}
ENGLISH = {
    "female": "Emma Olivia Alice Grace Helen Laura Sarah Julia",
    "male": "James Oliver Daniel Thomas Peter Adam Martin George",
    "last": "Smith Brown Taylor Wilson Davies Evans Walker Roberts Green Clarke Hughes Baker",
}
GREEK = {
    "female": "Ελένη Μαρία Κατερίνα Σοφία Αναστασία Δήμητρα Ειρήνη Χριστίνα",
    "male": "Γιώργος Νίκος Κώστας Δημήτρης Αλέξανδρος Μιχάλης Θανάσης Σταύρος",
    "last": "Γεωργίου Νικολάου Βασιλείου Αντωνίου Ιωάννου Δημητρίου Παύλου Ελευθερίου",
}
# Names of each people, the language its customers read, and their share.
NAMES = ((UKRAINIAN, "uk", 0.88), (ENGLISH, "en", 0.09), (GREEK, "el", 0.03))
CITIES = {
    "Kyiv": 0.38, "Lviv": 0.14, "Odesa": 0.11, "Dnipro": 0.09, "Kharkiv": 0.08,
    "Vinnytsia": 0.05, "Ivano-Frankivsk": 0.05, "Poltava": 0.04, "Chernivtsi": 0.03, "Lutsk": 0.03,
}  # fmt: skip
SOURCES = {
    "search": 0.31, "instagram": 0.24, "friend": 0.17, "shop": 0.15, "google_ads": 0.09,
    "marketplace": 0.04,
}  # fmt: skip

EMAIL_CONSENT_SHARE = 0.66
SMS_CONSENT_SHARE = 0.31
WITHDRAWN_SHARE = 0.07
PHONE_SHARE = 0.74
BIRTHDAY_SHARE = 0.46
FEMALE_SHARE = 0.61

LETTERS = "абвгґдежзиіїйклмнопрстуфхцчшщюяє"
ROMAN = "a b v h g d e zh z y i i i k l m n o p r s t u f kh ts ch sh shch iu ia ie"
GREEK_LETTERS = "αβγδεζηθικλμνξοπρσςτυφχψω"
GREEK_ROMAN = "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
LATIN = (
    dict(zip(LETTERS, ROMAN.split(), strict=True))
    | dict(zip(GREEK_LETTERS, GREEK_ROMAN.split(), strict=True))
    | {"ь": ""}
)


def make_people(plan: Plan, seen_day: Floats) -> list[Person]:
    """One person for each day of first sight."""
    chance = plan.generator("people")
    count = len(seen_day)
    words = _Words(chance, count)
    consents = _consents(plan, chance, seen_day)
    has_phone = chance.random(count) < PHONE_SHARE
    born = chance.integers(1955, 2007, count), chance.integers(0, 365, count)
    has_birthday = chance.random(count) < BIRTHDAY_SHARE
    people = []
    for place in range(count):
        traits = dict(words.traits(place))
        if has_birthday[place]:
            first = np.datetime64(f"{born[0][place]}-01-01")
            traits["birth_on"] = str(first + born[1][place])
        email_day, sms_day, withdrawn_day = (column[place] for column in consents)
        people.append(
            Person(
                external_id=f"tb-{place + 1:06d}",
                email=words.email(place),
                phone=PHONE.format(place) if has_phone[place] else None,
                traits=traits,
                seen_day=float(seen_day[place]),
                email_consent_day=_day(email_day),
                sms_consent_day=_day(sms_day) if has_phone[place] else None,
                withdrawn_day=_day(withdrawn_day),
            )
        )
    return people


def _day(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _consents(
    plan: Plan, chance: np.random.Generator, seen_day: Floats
) -> tuple[Floats, Floats, Floats]:
    """Days on which e-mail and SMS were agreed to, and e-mail withdrawn; NaN for never."""
    count = len(seen_day)
    email = np.where(chance.random(count) < EMAIL_CONSENT_SHARE, seen_day, np.nan)
    sms = np.where(chance.random(count) < SMS_CONSENT_SHARE, seen_day, np.nan)
    later = seen_day + chance.exponential(220.0, count)
    is_gone = (chance.random(count) < WITHDRAWN_SHARE) & (later < plan.horizon)
    return email, sms, np.where(is_gone & ~np.isnan(email), later, np.nan)


class _Words:
    """Names, places and sources drawn for everybody at once."""

    def __init__(self, chance: np.random.Generator, count: int) -> None:
        self._people = chance.choice(len(NAMES), count, p=[share for _, _, share in NAMES])
        self._is_female = chance.random(count) < FEMALE_SHARE
        self._first = chance.random(count)
        self._last = chance.random(count)
        self._city = chance.choice(list(CITIES), count, p=list(CITIES.values()))
        self._source = chance.choice(list(SOURCES), count, p=list(SOURCES.values()))
        self._domain = chance.integers(0, len(DOMAINS), count)

    def _name(self, place: int) -> tuple[str, str]:
        lists = NAMES[self._people[place]][0]
        firsts = lists["female" if self._is_female[place] else "male"].split()
        lasts = lists["last"].split()
        first = firsts[int(self._first[place] * len(firsts))]
        return first, lasts[int(self._last[place] * len(lasts))]

    def traits(self, place: int) -> Mapping[str, str]:
        """What the shop knows besides the address."""
        first, last = self._name(place)
        return {
            "first_name": first,
            "last_name": last,
            "gender": "female" if self._is_female[place] else "male",
            "language": NAMES[self._people[place]][1],
            "city": str(self._city[place]),
            "country": "UA",
            "acquired_by": str(self._source[place]),
        }

    def email(self, place: int) -> str:
        """An address that looks like its owner and is nobody else's."""
        first, last = (latin(part) for part in self._name(place))
        return f"{first}.{last}.{place + 1}@{DOMAINS[self._domain[place]]}"


def latin(word: str) -> str:
    """The word in small Latin letters, as addresses write it."""
    plain = "".join(LATIN.get(letter, letter) for letter in word.lower())
    # Greek letters keep their stress as a mark of their own once they are taken apart.
    apart = unicodedata.normalize("NFD", plain)
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return "".join(LATIN.get(letter, letter) for letter in bare)
