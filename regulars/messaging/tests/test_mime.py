from __future__ import annotations

import base64
import pickle
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.messaging.pure import mime
from regulars.messaging.pure.addresses import AddressInvalid, Mailbox, mailbox
from regulars.messaging.pure.dkim import DkimKeyInvalid, Signer, public_record, signed, signer
from regulars.messaging.pure.mime import Envelope, HeaderInvalid, Letter

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SHOP = mailbox("shop@bakery.example", "Bäckerei, Ltd")
UNSUBSCRIBE = "https://crm.example/u/" + "T" * 150


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


RSA_PEM = pem(rsa.generate_private_key(65537, 2048))
ED_PEM = pem(ed25519.Ed25519PrivateKey.generate())


def make(
    *, html: str = "<p>Hi</p>", text: str = "Hi", to: Mailbox | None = None, subject: str = "Hello"
) -> Letter:
    frame = mime.skeleton(
        sender=SHOP,
        reply_to=mailbox("help@bakery.example"),
        boundary="b1",
        sample=html,
        is_bulk=True,
    )
    envelope = Envelope(
        to=to or mailbox("mira@example.com", "Міра Коваль"),
        subject=subject,
        message_id="abc.7@bakery.example",
        sent_at=NOON,
        unsubscribe_url=UNSUBSCRIBE,
        unsubscribe_mail="b-x@bounce.example",
        feedback_id="c1:7:regulars",
    )
    return mime.letter(frame, envelope, text=frame.encoded(text), html=frame.encoded(html))


@pytest.mark.parametrize(
    "html",
    ["<p>Hi = \n.\n..x " + "y" * 200 + " </p>\n", "<p>Привіт, 世界</p>"],
    ids=["qp", "base64"],
)
def test_a_letter_is_read_back_as_it_was_written(html: str) -> None:
    letter = make(html=html, text="Привіт\n.\n", subject="Новини для вас " * 6)

    read = message_from_bytes(letter.as_bytes(), policy=policy.default)

    assert read.defects == []
    assert read["Subject"] == ("Новини для вас " * 6).strip()
    assert str(read["To"]) == "Міра Коваль <mira@example.com>"
    assert str(read["From"]) == '"Bäckerei, Ltd" <shop@bakery.example>'
    assert read["Message-ID"] == "<abc.7@bakery.example>"
    assert read["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>, <mailto:b-x@bounce.example>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Feedback-ID"] == "c1:7:regulars"
    assert read["Date"].datetime == NOON
    plain, rich = read.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().split() == ["Привіт", "."]
    assert rich.get_content().replace("\r\n", "\n").rstrip("\n") == html.rstrip("\n")


def test_every_line_is_short_ends_in_crlf_and_is_ascii() -> None:
    for html in ("<p>" + "x" * 5_000, "<p>" + "ї" * 5_000):
        raw = make(html=html, text="a\rb\nc\r\nd" + "z" * 3_000).as_bytes()

        assert raw.isascii()
        assert b"\r" not in raw.replace(b"\r\n", b"")
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998
        assert f"\r\nList-Unsubscribe: <{UNSUBSCRIBE}>, ".encode() in raw


@pytest.mark.parametrize(
    "break_", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85", "\x0b", "\ud800"], ids=ascii
)
def test_a_line_break_in_a_subject_or_name_is_refused(break_: str) -> None:
    for place in (f"Hello{break_}Bcc: x@y.z", f"a{break_}b"):
        with pytest.raises(HeaderInvalid):
            make(subject=place)
        with pytest.raises(AddressInvalid):
            mailbox("mira@example.com", place)
        with pytest.raises(AddressInvalid):
            mailbox(f"mira{break_}x@example.com")
        with pytest.raises(AddressInvalid):
            mailbox(f"mira@exam{break_}ple.com")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_adds_a_header(subject: str, name: str) -> None:
    try:
        raw = make(subject=subject, to=mailbox("mira@example.com", name)).as_bytes()
    except (HeaderInvalid, AddressInvalid):
        return

    read = message_from_bytes(raw, policy=policy.default)
    assert list(read.keys()) == list(message_from_bytes(make().as_bytes()).keys())
    assert [address.addr_spec for address in read["To"].addresses] == ["mira@example.com"]


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=90)
LOCALS = st.from_regex(r"[a-z0-9.+_'-]{1,60}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(ASCII.map(str.strip).filter(bool))
def test_a_plain_subject_is_written_as_the_library_writes_it(subject: str) -> None:
    quick = mime.words_header("Subject", subject)

    assert quick == mime.header("Subject", subject)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(ASCII, st.text(max_size=60)), st.from_regex(r"[a-z0-9.+_'-]{1,60}", fullmatch=True)
)
def test_a_receiver_is_read_back_as_it_was_written(name: str, local: str) -> None:
    try:
        to = mailbox(f"{local}@example.com", name)
        (line,) = (one for one in make(to=to).headers if one.name == "To")
    except (AddressInvalid, HeaderInvalid):
        return

    read = message_from_bytes(line.line + b"\r\n", policy=policy.default)
    assert read["To"].defects == ()
    assert [one.addr_spec for one in read["To"].addresses] == [to.address]
    # The library's newer reader puts blanks between two codes of one name.
    coded, _ = parseaddr(line.line.decode().removeprefix("To: ").replace("\r\n", ""))
    assert str(make_header(decode_header(coded))).split() == to.name.split()
    assert all(len(part) <= 78 for part in line.line.split(b"\r\n") if b" <" not in part)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_a_subject_is_read_back_as_it_was_written(subject: str) -> None:
    try:
        (line,) = (one for one in make(subject=subject).headers if one.name == "Subject")
    except HeaderInvalid:
        return

    read = message_from_bytes(line.line + b"\r\n", policy=policy.default)
    assert read["Subject"].split() == subject.split()
    assert line.line.isascii()


@settings(max_examples=200, deadline=None)
@given(ASCII.map(str.strip).filter(bool), st.sampled_from(["Ключ", "x", "a  b", "é" * 60]))
def test_what_is_signed_of_a_header_is_its_relaxed_form(subject: str, name: str) -> None:
    letter = make(subject=subject, to=mailbox("mira@example.com", name))

    for header in letter.headers:
        first, _, value = header.line.partition(b":")
        flat = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()
        assert header.canonical == first.lower() + b":" + flat + b"\r\n"


def test_a_signer_that_travelled_signs_alike() -> None:
    for text in (RSA_PEM, ED_PEM):
        by = signer(domain="bakery.example", selector="s", private_key_pem=text)

        arrived = pickle.loads(pickle.dumps(by))

        letter = make()
        ours, theirs = (signed(letter, [one], signed_at_s=1) for one in (by, arrived))
        assert ours == theirs
        assert "PRIVATE" not in repr(by) and "key" not in repr(by)


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b.c", "a@", "a b@c.d", "a@b@c.d", "a..b@c.d", ".a@c.d", "a@-b.c", "a@b..c",
     "<a@b.c>", "a@b.c>", 'a"@b.c', "a@[127.0.0.1]", "x" * 65 + "@b.c", "a@" + "b" * 64 + ".c",
     "a,b@c.d", "a@b.c\r\nRCPT TO:<x@y.z>"],
)  # fmt: skip
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        mailbox(address)


def test_a_foreign_domain_travels_as_punycode_and_a_foreign_local_part_needs_utf8() -> None:
    assert mailbox("info@Bücher.example").address == "info@xn--bcher-kva.example"
    assert not mailbox("info@bücher.example").needs_utf8
    assert mailbox("пошта@пошта.укр").needs_utf8
    assert mailbox("пошта@пошта.укр").domain == "xn--80a1acn3a.xn--j1amh"
    assert "To: пошта@example.com\r\n".encode() in make(to=mailbox("пошта@example.com")).as_bytes()


@pytest.mark.parametrize(
    "html", ["<p>a  b \t c </p>\n\n", "<p>" + "Привіт  \t " * 500], ids=["qp", "base64"]
)
def test_dkimpy_verifies_both_kinds_of_signature(
    html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dkim, "nacl", NACL, raising=False)
    signers = [
        signer(domain="bakery.example", selector="r1", private_key_pem=RSA_PEM),
        signer(domain="bakery.example", selector="e1", private_key_pem=ED_PEM),
    ]

    raw = signed(make(html=html), signers, signed_at_s=1_780_000_000).as_bytes()

    for index, by in enumerate(signers):
        assert dkim.DKIM(raw).verify(idx=index, dnsfunc=records_of(signers)), by.selector
    changed = raw.replace(b"Subject: Hello", b"Subject: Hullo")
    assert not dkim.verify(changed, dnsfunc=records_of(signers))
    second_from = b"From: evil@evil.example\r\n" + raw
    assert not dkim.verify(second_from, dnsfunc=records_of(signers))


class VerifyKey:
    """What dkimpy asks of PyNaCl, which is not among our dependencies."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self.key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, message: bytes, signature: bytes) -> bytes:
        self.key.verify(signature, message)
        return message


NACL = SimpleNamespace(
    signing=SimpleNamespace(VerifyKey=VerifyKey),
    encoding=SimpleNamespace(Base64Encoder=None),
    exceptions=SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=KeyError),
)


def records_of(signers: list[Signer]) -> object:
    records = {f"{by.selector}._domainkey.{by.domain}.": public_record(by) for by in signers}

    def dns(name: str | bytes, timeout: int = 5) -> bytes:
        return records[name.decode() if isinstance(name, bytes) else name].encode()

    return dns


@pytest.mark.parametrize(
    "bad",
    [b"", b"rubbish", pem(rsa.generate_private_key(65537, 2048))[:300]],
    ids=["empty", "rubbish", "cut"],
)
def test_a_key_that_cannot_sign_is_refused(bad: bytes) -> None:
    with pytest.raises(DkimKeyInvalid):
        signer(domain="bakery.example", selector="s", private_key_pem=bad)
    with pytest.raises(DkimKeyInvalid):
        signer(domain="bakery.example\r\nx", selector="s", private_key_pem=ED_PEM)
