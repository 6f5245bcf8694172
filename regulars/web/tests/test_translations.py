from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po
from django.utils import translation

from regulars.web import refusals, translations
from regulars.web.translations import Text, fault_of


def test_every_text_of_every_room_is_translated() -> None:
    found = translations.problems()
    assert not found, "\n".join(str(problem) for problem in found)


def test_every_refusal_a_member_can_meet_is_translated() -> None:
    known = {language: translations.translations_in(language) for language in ("uk", "ru")}

    missing = [
        f"{language}  {text.singular!r}  ({place})"
        for text, place in refusals.sentences().items()
        for language in known
        if fault_of(text, known[language].get(text, []))
    ]

    assert not missing, "\n".join(missing)


def test_a_refusal_is_said_in_the_language_of_the_reader() -> None:
    with translation.override("uk"):
        plain = refusals.said("There is no such campaign.")
        with_value = refusals.said("Two columns point at E-mail; keep one of them.")
        unknown = refusals.said("Nobody has translated this.")
    with translation.override("en"):
        english = refusals.said("Two columns point at E-mail; keep one of them.")

    assert plain == "Такої кампанії немає."
    assert with_value == "Два стовпці вказують на E-mail; лишіть один."
    assert unknown == "Nobody has translated this."
    assert english == "Two columns point at E-mail; keep one of them."


def message(string: str | list[str], *, fuzzy: bool = False) -> Message:
    return Message("x", string, flags=["fuzzy"] if fuzzy else [])


@pytest.mark.parametrize(
    ("text", "candidates", "reason"),
    [
        (Text("a"), [], "missing"),
        (Text("a"), [message("")], "missing"),
        (Text("a"), [message("б", fuzzy=True)], "fuzzy"),
        (Text("a", "b"), [message(["б", "в"])], "plural"),
        (Text("a", "b"), [message(["б", "", "г"])], "missing"),
        (Text("%(n)s rows"), [message("рядків")], "names"),
        (Text("%(n)s rows"), [message("%(m)s рядків")], "names"),
        (Text("%(n)s rows"), [message("%(n)s рядків")], ""),
        (Text("a row", "%(n)s rows"), [message(["рядок", "%(n)s рядки", "%(n)s рядків"])], ""),
    ],
)
def test_a_bad_translation_is_named(text: Text, candidates: list[Message], reason: str) -> None:
    assert fault_of(text, candidates) == reason


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    room = tmp_path / "bakery"
    (room / "templates").mkdir(parents=True)
    (room / "tests").mkdir()
    (room / "tests" / "test_x.py").write_text('_("never shown")')
    (room / "pages.py").write_text(
        '_("Save")\nngettext("a loaf", "%(n)s loaves", n)\npgettext("verb", "Order")\n'
        'other("not a text")\n'
    )
    (room / "templates" / "page.html").write_text(
        '{% load i18n %}{% translate "Save" %}{% kpi label=_("Bread sold") %}'
        "{% blocktranslate count n=n %}{{ n }} roll{% plural %}{{ n }} rolls"
        "{% endblocktranslate %}{{ x|default:_('none') }}"
    )
    monkeypatch.setattr(translations, "PACKAGE", tmp_path)
    return tmp_path


def test_texts_are_found_in_modules_and_templates(house: Path) -> None:
    assert set(translations.texts_of("bakery")) == {
        Text("Save"),
        Text("a loaf", "%(n)s loaves"),
        Text("Order", context="verb"),
        Text("Bread sold"),
        Text("%(n)s roll", "%(n)s rolls"),
        Text("none"),
    }


def test_missing_texts_are_added_once_and_stay_empty(house: Path) -> None:
    assert translations.add_missing("bakery") == {"uk": 6, "ru": 6}
    assert translations.add_missing("bakery") == {"uk": 0, "ru": 0}
    assert len(translations.problems("bakery")) == 12


def test_a_catalogue_is_compiled_only_when_it_changed(house: Path) -> None:
    translations.add_missing("bakery")
    assert len(translations.compile_all()) == 2
    assert translations.compile_all() == []


def test_a_text_translated_in_another_room_is_known(house: Path) -> None:
    for language in translations.LANGUAGES:
        catalogue = Catalog(locale=language)
        for text in translations.texts_of("bakery"):
            forms = [f"{text.singular} 1", f"{text.plural} 2", f"{text.plural} 3"]
            identity = (text.singular, text.plural) if text.plural else text.singular
            string = forms if text.plural else text.singular
            catalogue.add(identity, string, context=text.context or None)
        target = house / "florist" / "locale" / language / "LC_MESSAGES" / "django.po"
        translations._write(target, language, catalogue)
    assert translations.problems("bakery") == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_no_two_rooms_say_one_text_in_different_words(language: str) -> None:
    # All rooms share one catalogue at run time: the word of one would stand on pages of the other.
    said: dict[tuple[str, str], dict[str, set[str]]] = {}
    for place in sorted(translations.PACKAGE.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
        room = place.relative_to(translations.PACKAGE).parts[0]
        with place.open("rb") as file:
            for found in read_po(file):
                if found.id:
                    words = said.setdefault((found.context or "", str(found.id)), {})
                    words.setdefault(str(found.string), set()).add(room)

    assert {text: words for text, words in said.items() if len(words) > 1} == {}
