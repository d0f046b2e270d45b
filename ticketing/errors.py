"""The one tree of errors. Each carries a code; the words for it live in `nlu_data/replies/errors.yml`."""

from __future__ import annotations

from typing import Any


class HotlineError(Exception):
    """Something the caller can be told: `code` names the sentence, `details` fill its blanks."""

    code = "error"

    def __init__(self, code: str | None = None, **details: Any) -> None:
        self.code = code or type(self).code
        self.details = details
        super().__init__(f"{self.code} {details}" if details else self.code)


class NotFound(HotlineError):
    """There is no such thing, or not for this person."""

    code = "not_found"


class Forbidden(HotlineError):
    """This person may not do this."""

    code = "forbidden"


class Invalid(HotlineError):
    """The input does not fit; `details` name the field."""

    code = "invalid"


class Conflict(HotlineError):
    """The state of things does not allow this."""

    code = "conflict"


class IllegalTransition(Conflict):
    """The workflow table has no such pair of status and action, or a guard refuses it."""

    code = "illegal_transition"


class Stale(Conflict):
    """Somebody else changed the row since the caller read it."""

    code = "stale"


class TooManyAttempts(HotlineError):
    """A limit on attempts is reached; `details["until"]` says when to try again."""

    code = "too_many_attempts"


class Unavailable(HotlineError):
    """Something outside does not answer; the work is kept and can be tried again."""

    code = "unavailable"
