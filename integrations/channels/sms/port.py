"""The port of text messages (短信): what a provider is given, what it says, in one vocabulary for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ticketing.models import SmsStatus

CHANNEL = "sms"
_ONE, _EACH_OF_MANY = 70, 67
FINAL = frozenset({SmsStatus.DELIVERED, SmsStatus.UNDELIVERED, SmsStatus.REFUSED, SmsStatus.NOT_SENT})


class Why(StrEnum):
    """Why a message cannot go: 号码不对, 已退订, 频次上限, 欠费, 模板, 配置, 其他拒绝, 超预算, 过期, 无响应."""

    NUMBER = "number"
    STOPPED = "stopped"
    LIMIT = "limit"
    MONEY = "money"
    TEMPLATE = "template"
    CONFIG = "config"
    REFUSED = "refused"
    BUDGET = "budget"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"


class Refused(Exception):
    """The provider will never take this message; `code` is its own word for it."""

    def __init__(self, why: Why, code: str) -> None:
        super().__init__(f"{why}: {code[:100]}")
        self.why, self.code = why, code[:100]


class Trouble(Exception):
    """The provider cannot now; later it may."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text by its purpose: the carrier's signature and template id, and the order of the blanks."""

    purpose: str
    sign: str
    carrier_id: str
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message, or says what became of it."""

    external_id: str | None
    status: SmsStatus
    code: str = ""


class Provider(Protocol):
    """Sends one text; `reference` comes back with the receipts. Whoever needs no templates is sent the text itself."""

    @property
    def name(self) -> str:
        """The name in settings and in the city's table of templates."""

    @property
    def needs_template(self) -> bool:
        """Whether the carrier sends registered texts only."""

    @property
    def links(self) -> bool:
        """Whether a text to a mainland number may carry a link."""

    async def send(
        self, phone: str, template: Template, text: str, blanks: Mapping[str, str], reference: str
    ) -> Receipt:
        """Send, with a timeout; `Refused` is for good, `Trouble` may be tried again."""


def international(phone: str) -> str:
    """The number in E.164."""
    return phone if phone.startswith("+") else f"+86{phone}"


def segments(text: str) -> int:
    """How many texts a carrier counts: 70 UTF-16 units alone, 67 each of several."""
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= _ONE else math.ceil(units / _EACH_OF_MANY)
