"""Photos of receipts in the account: sent by a form, looked at by a person, told of."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.loyalty import photos, reward_tasks
from regulars.loyalty.actions import activities, receipt_photos
from regulars.loyalty.reward_records import PHOTO_BYTES_MAX
from regulars.portal import standing
from regulars.portal.pages.photo import FORM_BYTES_MAX
from regulars.portal.tests.test_playing import QUIZ, begin, entries, mira, town
from regulars.portal.tests.visits import OWN, Browser
from regulars.privacy import actions as privacy
from regulars.privacy.actions import removing
from regulars.segments.tests.shop import member_of
from regulars.store import place
from regulars.store.scope import scope
from tests.town import Town

__all__ = ["town"]

pytestmark = pytest.mark.usefixtures("as_engine")


def jpeg(note: str = "") -> bytes:
    """A real JPEG of one grey dot, with a note in it to tell it from another."""
    said = note.encode()
    one_code = bytes([1]) + bytes(15) + b"\x00"
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xfe" + (len(said) + 2).to_bytes(2) + said,
            b"\xff\xdb\x00\x43\x00" + b"\x01" * 64,
            b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00",
            b"\xff\xc4\x00\x14\x00" + one_code,
            b"\xff\xc4\x00\x14\x10" + one_code,
            b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f",
            b"\xff\xd9",
        )
    )


def send(browser: Browser, one: str, raw: bytes, name: str = "receipt.jpg") -> Any:
    return browser.post(f"play/{one}", by="photo", photo=SimpleUploadedFile(name, raw))


def kept(town: Town) -> list[Path]:
    """The photos on the disk of the shop."""
    folder = place.data_folder() / photos.FOLDER / str(town.bakery.id)
    return sorted(folder.iterdir()) if folder.exists() else []


def refused(answer: Any, words: str) -> bool:
    return answer.status_code == 422 and words in answer.content.decode()


def staff(client: Client, name: str, public_id: str, **said: str) -> Any:
    address = reverse(f"loyalty:{name}", args=[public_id])
    return client.post(address, said) if said else client.get(address)


def test_who_looks_at_a_photo_is_told_that_others_sent_the_same(town: Town) -> None:
    one = begin(town, "receipts", points=700)
    friend = Browser(town.bakery).come_in(town.oleg)
    browser, anna = mira(town), member_of(town.bakery)
    send(browser, one, jpeg())
    alone = anna.get(reverse("loyalty:queue")).content.decode()

    send(friend, one, jpeg())
    send(friend, one, jpeg("another"))

    queue = anna.get(reverse("loyalty:queue")).content.decode()
    assert alone.count("sent this very photo") == 0
    assert queue.count("1 other sent this very photo") == 2


def test_a_photo_is_sent_looked_at_and_gives_points(town: Town) -> None:
    one = begin(town, "receipts", points=700)
    browser, anna, other = mira(town), member_of(town.bakery), member_of(town.other)
    page = browser.text(f"play/{one}")
    assert 'enctype="multipart/form-data"' in page
    assert 'accept="image/jpeg,image/png,image/webp" capture="environment"' in page
    assert "up to 8 MB" in page

    answer = send(browser, one, jpeg())

    assert answer["Location"] == f"{browser.address(f'play/{one}')}?told=photo"
    page = browser.text(f"play/{one}?told=photo")
    for words in ("A person will look at it", "A photo of a receipt", "A person looks at it"):
        assert words in page
    (entry,) = entries(town, one)
    assert (entry.state, [path.read_bytes() for path in kept(town)]) == ("waiting", [jpeg()])
    shown = staff(anna, "entrance_photo", entry.public_id)
    assert (b"".join(shown.streaming_content), shown["Content-Type"]) == (jpeg(), "image/jpeg")
    queue = anna.get(reverse("loyalty:queue")).content.decode()
    assert reverse("loyalty:entrance_photo", args=[entry.public_id]) in queue
    assert entry.public_id not in other.get(reverse("loyalty:queue")).content.decode()
    assert staff(other, "entrance_photo", entry.public_id).status_code == 404
    assert staff(other, "decide_entrance", entry.public_id, do="accept").status_code == 404
    assert [row.state for row in entries(town, one)] == ["waiting"]

    staff(anna, "decide_entrance", entry.public_id, do="accept", points="9")

    page = browser.text(f"play/{one}")
    assert ("+9<" in page, "Counts" in page, "A person looks at it" in page) == (True, True, False)
    assert "To spend: 9" in browser.text("points")


def test_why_a_photo_was_refused_is_told_and_it_is_not_taken_again(town: Town) -> None:
    one = begin(town, "receipts", per_member_max=1)
    browser = mira(town)
    send(browser, one, jpeg())
    (entry,) = entries(town, one)
    staff(member_of(town.bakery), "decide_entrance", entry.public_id, do="reject", reason="Blurred")

    page = browser.text(f"play/{one}")
    assert ("Was not accepted" in page, "Blurred" in page) == (True, True)
    assert refused(send(browser, one, jpeg()), "looked at before and not accepted")
    assert send(browser, one, jpeg("sharper")).status_code == 303

    assert [row.state for row in entries(town, one)] == ["waiting", "rejected"]
    assert "Blurred" not in Browser(town.bakery).come_in(town.oleg).text(f"play/{one}")


def test_what_is_no_photo_is_refused_and_not_kept(town: Town) -> None:
    one = begin(town, "receipts")
    browser = mira(town)

    for raw in (
        b"<svg></svg>",
        b"\x00\x00\x00\x18ftypheic",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"GIF89a",
    ):
        assert refused(send(browser, one, raw), "Send a JPEG, PNG or WebP"), raw
    for missing in ({}, {"photo": "receipt.jpg"}):
        answer = browser.post(f"play/{one}", by="photo", **missing)
        assert refused(answer, "Choose a photo of the receipt.")

    assert (entries(town, one), kept(town)) == ([], [])


def test_a_photo_too_large_is_refused_in_the_customers_language(town: Town) -> None:
    one = begin(town, "receipts")
    browser = mira(town)
    large = jpeg() + bytes(PHOTO_BYTES_MAX)

    assert refused(send(browser, one, large), "The photo is larger than 8 MB.")
    browser.post("language", language="uk", back=browser.address(""))
    assert refused(send(browser, one, large), "Фото більше за 8 МБ.")
    browser.post("language", language="ru", back=browser.address(""))
    assert refused(send(browser, one, large), "Фото больше 8 МБ.")

    assert (entries(town, one), kept(town)) == ([], [])


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize("length", [str(PHOTO_BYTES_MAX + FORM_BYTES_MAX + 1), "9" * 30, "²"])
def test_a_body_beyond_the_limit_is_refused_unread(town: Town, length: str) -> None:
    photo, quiz = begin(town, "receipts"), begin(town, "quiz", settings=QUIZ)
    browser = mira(town)

    answers = [
        browser.client.post(
            browser.address(f"play/{one}"), {"by": "photo"}, headers={"Origin": OWN},
            **{"CONTENT_LENGTH": length, "wsgi.input": Unread()},
        )
        for one in (photo, quiz)
    ]  # fmt: skip

    assert refused(answers[0], "The photo is larger than 8 MB.")
    assert answers[1].status_code == 422
    assert (entries(town, photo), entries(town, quiz), kept(town)) == ([], [], [])


def test_other_forms_of_the_account_take_no_files(town: Town) -> None:
    for browser, page in ((Browser(town.bakery), "sign-in"), (mira(town), "me")):
        answer = browser.client.post(
            browser.address(page), {"address": "x"}, headers={"Origin": OWN},
            **{"CONTENT_LENGTH": str((5 << 20) + 1), "wsgi.input": Unread()},
        )  # fmt: skip
        assert answer.status_code == 400


def test_a_photo_sent_twice_is_one_entrance(town: Town) -> None:
    one, two = begin(town, "receipts"), begin(town, "receipts")
    browser, oleg = mira(town), Browser(town.bakery).come_in(town.oleg)

    for name in ("a.jpg", "b.jpg"):
        assert send(browser, one, jpeg(), name).status_code == 303

    assert (len(entries(town, one)), len(kept(town))) == (1, 1)
    # The receipt was used up there; somebody else's entry is their own.
    assert refused(send(browser, two, jpeg()), "receipt came in before")
    assert send(oleg, one, jpeg()).status_code == 303
    assert (len(entries(town, one)), len(entries(town, two)), len(kept(town))) == (2, 0, 2)


def test_presses_at_the_same_moment_are_one_entrance(town: Town) -> None:
    one, count = begin(town, "receipts", per_member_max=1), 4
    with scope(town.bakery.id):
        member = standing.member_of(town.bakery.id, town.mira)
    gate = Barrier(count)

    def press(_: int) -> str:
        gate.wait()
        try:
            with scope(town.bakery.id):
                return receipt_photos.send_photo(town.bakery.id, one, member.id, jpeg()).public_id
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        told = set(pool.map(press, range(count)))

    assert told == {row.public_id for row in entries(town, one)}
    assert (len(told), len(kept(town))) == (1, 1)


def test_a_photo_that_was_merged_in_is_not_sent_again(town: Town) -> None:
    one = begin(town, "receipts")
    send(Browser(town.bakery).come_in(town.oleg), one, jpeg())
    with scope(town.bakery.id):
        before = standing.member_of(town.bakery.id, town.oleg)
        root = standing.member_of(town.bakery.id, town.mira)
        with connection.cursor() as raw:
            raw.execute(
                "UPDATE loyalty_member SET merged_into = %s WHERE id = %s", [root.id, before.id]
            )

    send(mira(town), one, jpeg())

    assert (len(entries(town, one)), len(kept(town))) == (1, 1)


def test_photos_refused_by_the_activity_do_not_stay(town: Town) -> None:
    limited = begin(town, "receipts", per_member_max=1)
    full = begin(town, "receipts", total_max=1)
    over, closed = begin(town, "receipts"), begin(town, "receipts")
    early = begin(town, "receipts", starts_at=clock.now() + timedelta(days=1))
    browser, oleg = mira(town), Browser(town.bakery).come_in(town.oleg)
    send(browser, limited, jpeg("a"))
    send(oleg, full, jpeg("b"))
    with scope(town.bakery.id):
        activities.set_activity(town.bakery.id, over, "closed")
        activities.set_activity(town.bakery.id, closed, "draft")
    there = kept(town)

    assert refused(send(browser, limited, jpeg("c")), "as often as one may")
    assert refused(send(browser, full, jpeg("c")), "All places are taken")
    assert refused(send(browser, over, jpeg("c")), "not open now")
    assert refused(send(browser, early, jpeg("c")), "not open now")
    assert send(browser, closed, jpeg("c")).status_code == 404

    assert (len(there), kept(town)) == (2, there)
    assert [len(entries(town, one)) for one in (limited, full, over, early)] == [1, 1, 0, 0]


def test_a_photo_that_nobody_took_part_with_goes_after_a_day(town: Town) -> None:
    one = begin(town, "receipts")
    send(mira(town), one, jpeg("used"))
    with scope(town.bakery.id):
        # As when the server dies between the file and its entrance.
        left = photos.keep(town.bakery.id, jpeg("left"))

    reward_tasks.forget_photos()
    assert len(kept(town)) == 2
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1), tick=False):
        reward_tasks.forget_photos()

    assert [path.read_bytes() for path in kept(town)] == [jpeg("used")]
    assert photos.path_of(town.bakery.id, left) is None


def test_only_so_many_photos_are_taken_a_day(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_photos, "PHOTOS_A_DAY_MAX", 2)
    one = begin(town, "receipts")
    browser = mira(town)

    for note in ("a", "a", "b"):
        assert send(browser, one, jpeg(note)).status_code == 303
    assert refused(send(browser, one, jpeg("c")), "enough photos for one day")
    assert (len(entries(town, one)), len(kept(town))) == (2, 2)
    assert send(Browser(town.bakery).come_in(town.oleg), one, jpeg("c")).status_code == 303
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        assert send(browser, one, jpeg("c")).status_code == 303


def test_activities_of_others_and_of_other_kinds_take_no_photo(town: Town) -> None:
    one, quiz = begin(town, "receipts"), begin(town, "quiz", settings=QUIZ)
    zoe = Browser(town.other).come_in(town.zoe)

    assert send(zoe, one, jpeg()).status_code == 404
    assert refused(send(mira(town), quiz, jpeg()), "Answer every question")
    assert send(Browser(town.bakery), one, jpeg()).status_code == 303
    with scope(town.bakery.id):
        member = standing.member_of(town.bakery.id, town.mira)
        with pytest.raises(Invalid, match="receipts only"):
            receipt_photos.send_photo(town.bakery.id, quiz, member.id, jpeg())

    foreign = mira(town).client.post(
        mira(town).address(f"play/{one}"),
        {"by": "photo"},
        headers={"Origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert (entries(town, one), entries(town, quiz), kept(town)) == ([], [], [])


def test_photos_are_given_out_and_erased_with_the_person(town: Town) -> None:
    one = begin(town, "receipts")
    send(mira(town), one, jpeg("mira"))
    send(Browser(town.bakery).come_in(town.oleg), one, jpeg("oleg"))
    name = next(path.name for path in kept(town) if path.read_bytes() == jpeg("mira"))
    with scope(town.bakery.id):
        asked = privacy.ask_export(town.bakery.id, town.mira, actor="user:1", key="k")
    privacy.build_export(town.bakery.id, asked.public_id)
    with scope(town.bakery.id):
        stream = privacy.download(town.bakery.id, asked.public_id)[1]
    with stream, zipfile.ZipFile(io.BytesIO(stream.read())) as packed:
        (row,) = json.loads(packed.read("activities.json"))
    assert (row["said"], "key" in row) == ({"photo": name}, False)

    with scope(town.bakery.id):
        person = customers.whole_person(town.bakery.id, town.mira)
        privacy.erase(town.bakery.id, town.mira, actor="user:1")
    assert [path.read_bytes() for path in kept(town)] == [jpeg("oleg")]
    # Until the work is done somebody may still be signed in.
    send(mira(town), one, jpeg("late"))
    for unit in removing.units():
        if unit.name in ("forget", "loyalty_entrance"):
            with scope(town.bakery.id):
                unit.run(person)

    assert [path.read_bytes() for path in kept(town)] == [jpeg("oleg")]
    gone = [row for row in entries(town, one) if row.state == "rejected"]
    assert [dict(row.said) for row in gone] == [{}, {}]
