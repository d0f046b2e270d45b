"""The kinds of value the API takes: every one of them bounded."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

_WORDS = r"^[^\x00]*[^\s\x00-\x1f\x7f][^\x00]*$"  # something to read, and no NUL, which no database holds
_PHONE = r"^(1[0-9]{10}|0[0-9]{9,11})$"


class Given(BaseModel):
    """Base of what callers send: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """Base of what callers get."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


Content = Annotated[str, StringConstraints(min_length=1, max_length=5000, pattern=_WORDS)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_WORDS)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=_WORDS)]
Phone = Annotated[str, StringConstraints(pattern=_PHONE)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}-[0-9]{6}-[0-9]$")]
QueryCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,40}$")]
Session = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{8,64}$")]
Day = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), Field(json_schema_extra={"format": "date"})
]
Count = Annotated[int, Field(ge=1, le=200)]
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]
Cursor = UUID
Moment = AwareDatetime


class Once(Given):
    """The header that makes a request sent twice one and the same."""

    key: Key = Field(alias="Idempotency-Key")
