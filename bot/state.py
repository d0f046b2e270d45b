"""What a conversation remembers between turns (会话状态): stored sealed in the conversation row."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Step(StrEnum):
    """The appeal form's questions, in order."""

    CONTENT = "content"
    PLACE = "place"
    WHEN = "when"
    DETAILS = "details"
    CONTACT = "contact"
    CONFIRM = "confirm"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AppealForm(_Frozen):
    """An appeal (诉求) being taken: what is known so far and which question is open.

    `details` says that the fields of its template were asked for; they are asked once and may be refused.
    """

    kind: str
    content: str = ""
    place: str | None = None
    region: str | None = None
    happened: str | None = None
    details: bool = False
    phone: str | None = None
    anonymous: bool = False
    confidential: bool = False
    step: Step = Step.CONTENT
    misses: int = 0


class ProgressForm(_Frozen):
    """A progress query (进度查询) being asked: the number is known, the code or phone is not; or neither is."""

    number: str | None = None
    misses: int = 0


class BindingForm(_Frozen):
    """A phone being bound (绑定手机): its number is asked for, then the code that was sent to it."""

    phone: str | None = None
    misses: int = 0


class Offered(_Frozen):
    """One item offered as a choice, by the name it was shown with."""

    code: str
    label: str


class Later(_Frozen):
    """One of several matters of a message that waits for its turn, as the classifier heard it."""

    text: str
    intent: str
    confidence: float
    appeal: bool
    reminded: bool = False


class State(_Frozen):
    """The memory of one conversation: its item, the elements last told, offered choices, and the form that is open.

    `topics` are the items talked about, the latest first; `event` is the life event last told; `later` are the
    citizen's other matters, still to be confirmed; `asked_region` says that the region was asked once, `waiting` is a
    message to be read again when it is known; `notices` are the notices already told; `question` is the message last
    answered, or the one that fitted several items while they are `offered`.
    """

    item: str | None = None
    topics: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    event: str | None = None
    region: str | None = None
    asked_region: bool = False
    later: tuple[Later, ...] = ()
    waiting: Later | None = None
    notices: tuple[str, ...] = ()
    offered: tuple[Offered, ...] = ()
    asked: tuple[str, ...] = ()
    question: str = ""
    form: AppealForm | None = None
    progress: ProgressForm | None = None
    binding: BindingForm | None = None
    misses: int = 0

    @property
    def flow(self) -> str | None:
        """The name of the flow that expects the next message."""
        if self.form:
            return "appeal"
        if self.progress:
            return "progress"
        if self.binding:
            return "binding"
        return "choosing" if self.offered else None

    def but(self, **changes: Any) -> Self:
        """The same memory with some things changed."""
        return self.model_copy(update=changes)

    def to_json(self) -> dict[str, Any]:
        """The stored form, without what is at its default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The memory that was stored; one of an older release is forgotten, never a reason to stay silent."""
        try:
            return cls.model_validate(data)
        except ValidationError:
            return cls()
