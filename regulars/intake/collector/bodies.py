"""What a form was sent as: urlencoded, multipart without files, or JSON, read into plain texts."""

from __future__ import annotations

import json
from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qsl

from regulars.intake.collector.http import AnswerError
from regulars.intake.pure.forms import VALUES_MAX

BODY_BYTES_MAX = 64 << 10


def read_values(content_type: str, body: bytes) -> dict[str, str]:
    """The texts by their names; of several with one name the last counts.

    raises  AnswerError(form_malformed | form_file | form_type)
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        return _whole(_read(kind, content_type, body))
    except (ValueError, RecursionError) as error:
        raise AnswerError(400, "form_malformed", "The form cannot be read.") from error


def _whole(values: dict[str, str]) -> dict[str, str]:
    """The values, none of them half a letter, which nothing can store. raises ValueError"""
    for name, value in values.items():
        (name + value).encode()
    return values


def _read(kind: str, content_type: str, body: bytes) -> dict[str, str]:
    if kind in ("application/x-www-form-urlencoded", ""):
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=VALUES_MAX, errors="strict"
        )
        return dict(pairs)
    if kind == "multipart/form-data":
        return _parts(content_type, body)
    if kind == "application/json":
        return _object(body)
    raise AnswerError(
        415, "form_type", "Send the form urlencoded, as multipart/form-data or as JSON."
    )


def _object(body: bytes) -> dict[str, str]:
    found = json.loads(body)
    if not isinstance(found, dict) or len(found) > VALUES_MAX:
        raise AnswerError(
            400, "form_malformed", f"JSON must be one object of at most {VALUES_MAX} texts."
        )
    values: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, bool):
            values[name] = "1" if value else ""
        elif isinstance(value, str | int | float):
            values[name] = str(value)
        elif value is not None:
            raise AnswerError(400, "form_malformed", f"“{name[:40]}” must be a text.")
    return values


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    head = b"content-type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ValueError("no parts")
    values: dict[str, str] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if part.get_filename() is not None:
            # An empty field for a file is sent by browsers even when nobody chose one.
            if content:
                raise AnswerError(400, "form_file", "A form takes no files.")
            continue
        if not isinstance(name, str) or len(values) >= VALUES_MAX:
            raise ValueError("a part without a name, or too many")
        values[name] = content.decode()
    return values
