"""One key for a name however it is spelled: Юрій, Юрий, Yuriy, Iurii and Yury are the same.

Letters are brought to a small Latin alphabet in which spellings that systems, passports and
people differ in are the same. The key is for comparing only: two names may share it by chance.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CACHE_ROWS = 200_000
KEY_LENGTH_MAX = 40

CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "h", "д": "d", "е": "e", "є": "ie", "ё": "e",
    "ж": "zh", "з": "z", "и": "i", "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m",
    "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu",
    "я": "ia", "ў": "u",
}  # fmt: skip
# Longer spellings first; each is a way some table or passport writes the same sound.
SPELLINGS = (
    ("shch", "sch"), ("sch", "sh"), ("tch", "ch"), ("ck", "k"), ("ph", "f"), ("x", "ks"),
    ("kh", "h"), ("zh", "z"), ("zg", "z"), ("g", "h"), ("w", "v"), ("q", "k"), ("cz", "ch"),
    ("tz", "ts"), ("c", "k"),
)  # fmt: skip
# c before h is a sound of its own and stays.
CH, CH_MARK = "ch", "4"
GLIDES = re.compile(r"[yj]")
VOWELS_RUN = re.compile(r"i+(?=[aeou])|i+")
DOUBLES = re.compile(r"(.)\1+")
NOT_LETTERS = re.compile(r"[^a-z4]")

# Names a person bears at once in several languages, and the short ones people call them by.
SAME_NAMES = (
    ("олександр", "александр", "саша", "сашко", "alexander", "alex", "oleksandr", "aleksandr"),
    ("олександра", "александра", "alexandra", "oleksandra", "aleksandra"),
    ("олексій", "алексей", "льоша", "лёша", "alexey", "oleksii", "aleksei", "alexei"),
    ("юрій", "юрий", "юра", "yuriy", "yuri", "yury", "iurii", "jurij", "george"),
    ("микола", "николай", "коля", "mykola", "nikolay", "nikolai", "nicholas"),
    ("дмитро", "дмитрий", "діма", "дима", "dmytro", "dmitry", "dmitriy", "dmitri", "dmitrii"),
    ("володимир", "владимир", "вова", "volodymyr", "vladimir"),
    ("сергій", "сергей", "серёжа", "serhii", "sergey", "sergei", "serhiy", "sergii"),
    ("андрій", "андрей", "andrii", "andriy", "andrey", "andrei", "andrew"),
    ("євген", "евгений", "женя", "yevhen", "yevgeniy", "evgeny", "eugene", "evgeniy", "ievgen"),
    ("михайло", "михаил", "миша", "mykhailo", "mikhail", "michael", "mihail"),
    ("петро", "пётр", "петр", "петя", "petro", "petr", "pyotr", "peter"),
    ("павло", "павел", "паша", "pavlo", "pavel", "paul"),
    ("іван", "иван", "ваня", "ivan", "john"),
    ("василь", "василий", "вася", "vasyl", "vasily", "vasiliy", "vasyl"),
    ("григорій", "григорий", "гриша", "hryhorii", "grigory", "hryhoriy"),
    ("ігор", "игорь", "ihor", "igor"),
    ("олег", "oleh", "oleg"),
    ("богдан", "bohdan", "bogdan"),
    ("максим", "maksym", "maxim", "maksim", "max"),
    ("анатолій", "анатолий", "толя", "anatolii", "anatoly", "anatoliy"),
    ("віктор", "виктор", "витя", "viktor", "victor"),
    ("тетяна", "татьяна", "таня", "tetiana", "tatiana", "tatyana", "tetyana"),
    ("олена", "елена", "лена", "olena", "elena", "yelena", "helen"),
    ("наталія", "наталья", "наташа", "nataliia", "natalia", "natalya", "nataliya"),
    ("катерина", "екатерина", "катя", "kateryna", "ekaterina", "catherine", "katerina", "kate"),
    ("ганна", "анна", "аня", "hanna", "anna", "ann"),
    ("марія", "мария", "маша", "mariia", "maria", "mariya", "mary"),
    ("ірина", "ирина", "іра", "ира", "iryna", "irina"),
    ("світлана", "светлана", "света", "svitlana", "svetlana"),
    ("людмила", "люда", "liudmyla", "lyudmila", "ludmila"),
    ("юлія", "юлия", "юля", "yuliia", "yulia", "julia", "iuliia", "yuliya"),
    ("оксана", "oksana", "oxana"),
    ("ольга", "оля", "olha", "olga"),
    ("надія", "надежда", "надя", "nadiia", "nadezhda", "nadia"),
    ("любов", "любовь", "люба", "liubov", "lyubov"),
    ("галина", "halyna", "galina"),
    ("дарія", "дарья", "дарина", "даша", "dariia", "daria", "darya"),
    ("вікторія", "виктория", "вика", "viktoriia", "victoria", "viktoria"),
    ("софія", "софия", "соня", "sofiia", "sofia", "sophia"),
    ("анастасія", "анастасия", "настя", "anastasiia", "anastasia", "anastasiya"),
)  # fmt: skip


@lru_cache(maxsize=CACHE_ROWS)
def key(text: str) -> str:
    """The Latin key of one word or several, without spaces; empty when there is no letter."""
    lowered = text.lower()[:KEY_LENGTH_MAX]
    plain = "".join(
        CYRILLIC.get(letter, letter) for letter in unicodedata.normalize("NFC", lowered)
    )
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    for written, sound in SPELLINGS[:3]:
        plain = plain.replace(written, sound)
    plain = plain.replace(CH, CH_MARK)
    for written, sound in SPELLINGS[3:]:
        plain = plain.replace(written, sound)
    plain = GLIDES.sub("i", plain)
    plain = NOT_LETTERS.sub("", plain)
    plain = VOWELS_RUN.sub("i", plain)
    # A soft start and a doubled ending are spelled or left out as one pleases.
    plain = re.sub(r"^i(?=[aeou])", "", plain)
    plain = re.sub(r"i(?=[aeou])", "", plain)
    plain = re.sub(r"i+$", "", plain) or plain
    return DOUBLES.sub(r"\1", plain)


@lru_cache(maxsize=CACHE_ROWS)
def given_key(text: str) -> str:
    """The key of a first name, the same for a name in all its languages and short forms."""
    found = key(text)
    return _same().get(found, found)


@lru_cache(maxsize=1)
def _same() -> dict[str, str]:
    return {key(name): key(names[0]) for names in reversed(SAME_NAMES) for name in names}


@lru_cache(maxsize=CACHE_ROWS)
def is_given(text: str) -> bool:
    """Whether this is a first name, as far as the list here goes."""
    return key(text) in _same()
