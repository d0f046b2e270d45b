"""Reading forms: every field is text of a bounded length, everything else is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from aiohttp import web
from multidict import MultiDictProxy

from ticketing.errors import Invalid

SHORT, LONG = 200, 10_000


@dataclass(frozen=True)
class Form:
    """The fields of one submitted form."""

    fields: MultiDictProxy[str | bytes | web.FileField]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the files, read or not."""
        for value in self.fields.values():
            if isinstance(value, web.FileField):
                value.file.close()

    def text(self, name: str, limit: int = SHORT) -> str:
        """A field's text without outer blanks; a missing one is empty."""
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise Invalid("bad_form", field=name)
        words = value.replace("\r\n", "\n").replace("\0", "").strip()
        if len(words) > limit:
            raise Invalid("field_too_long", field=name, limit=limit)
        return words

    def optional(self, name: str, limit: int = SHORT) -> str | None:
        """A field's text, or None when nothing is in it."""
        return self.text(name, limit) or None

    def plain(self, name: str, limit: int = SHORT) -> str:
        """A number or code as people type it: full-width digits and blanks do not matter."""
        folded = unicodedata.normalize("NFKC", self.text(name, limit))
        return "".join(folded.split())

    def number(self, name: str) -> int | None:
        """A whole number, or None when the field is empty."""
        digits = self.plain(name, 12)
        if not digits:
            return None
        if not (digits.isascii() and digits.isdigit()):
            raise Invalid("bad_form", field=name)
        return int(digits)

    def flag(self, name: str) -> bool:
        """A ticked box."""
        return self.text(name) in {"1", "on", "yes"}

    def choice(self, name: str, choices: Mapping[str, bool | None]) -> bool | None:
        """One of some named choices; none of them when nothing was picked."""
        picked = self.text(name)
        if picked and picked not in choices:
            raise Invalid("bad_form", field=name)
        return choices.get(picked)

    def upload(self, name: str) -> tuple[str, bytes]:
        """A file's name and content; raises `Invalid` when none was chosen."""
        value = self.fields.get(name)
        if not isinstance(value, web.FileField) or not value.filename:
            raise Invalid("file_missing", field=name)
        with value.file as file:
            return value.filename[:SHORT], file.read()

    def uploads(self, name: str, most: int) -> list[tuple[str, bytes]]:
        """The names and contents of a repeated file field; nothing where none was chosen."""
        chosen = [one for one in self.fields.getall(name, []) if isinstance(one, web.FileField) and one.filename]
        if len(chosen) > most:
            raise Invalid("too_many_files", limit=most)
        return [(one.filename[:SHORT], one.file.read()) for one in chosen]

    def several(self, name: str, most: int = 20) -> tuple[str, ...]:
        """All values of a repeated field."""
        values = self.fields.getall(name, [])
        if len(values) > most or not all(isinstance(value, str) and len(value) <= SHORT for value in values):
            raise Invalid("bad_form", field=name)
        return tuple(str(value) for value in values if value)


async def read(request: web.Request, limit: int = 0) -> Form:
    """The submitted form of a request; `limit` is how many bytes a page that takes files reads."""
    if request.content_type not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise Invalid("bad_form", field="")
    try:
        whole = request.clone(client_max_size=limit) if limit else request
        return Form(await whole.post())
    except (UnicodeDecodeError, ValueError, LookupError) as error:
        raise Invalid("bad_form", field="") from error


def uuid_of(text: str) -> UUID:
    """The id in a path; the route's pattern has checked its form."""
    return UUID(text)
