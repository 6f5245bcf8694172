"""The one tree of errors; domains add nouns below it and know no HTTP status."""

from __future__ import annotations


class RegularsError(Exception):
    """Something the world did that the product must answer clearly.

    code     noun_problem, stable, for programs
    message  one sentence that says what to do, for people
    details  facts a reader may need; never personal data
    """

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class NotFound(RegularsError):
    """The thing named does not exist in this workspace."""


class Refused(RegularsError):
    """A rule said no."""


class Invalid(RegularsError):
    """The input is not what was asked for."""


class Conflict(RegularsError):
    """A race was lost or a key is already taken by something else."""


class Outside(RegularsError):
    """A provider or peer failed; a temporary failure may be tried again."""

    def __init__(
        self, code: str, message: str, *, is_permanent: bool = False, **details: object
    ) -> None:
        super().__init__(code, message, **details)
        self.is_permanent = is_permanent
