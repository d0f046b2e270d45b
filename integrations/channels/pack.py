"""What a city decides about its messages (`messages.yml`): signature, carrier templates, budget, notices of WeChat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import yaml

_OPEN_MINUTES = 10


@dataclass(frozen=True)
class Notice:
    """The long-term subscription notice (长期订阅通知): its template, and what each of the template's fields shows."""

    template: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Pack:
    """A city's messages; `templates` has the carriers' ids by purpose and provider, without the empty ones."""

    sign: str
    daily_segments: int
    templates: Mapping[str, Mapping[str, str]]
    open_for: timedelta = timedelta(minutes=_OPEN_MINUTES)
    notice: Notice = field(default_factory=lambda: Notice("", {}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The messages of a city's folder."""
        return cls.of(yaml.safe_load((folder / "messages.yml").read_text(encoding="utf-8")))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The messages as `messages.yml` has them."""
        sms, notice = data["sms"], data["wechat_notice"]
        templates = {
            purpose: {provider: str(number) for provider, number in ids.items() if number}
            for purpose, ids in sms["templates"].items()
        }
        return cls(
            sign=sms["sign"],
            daily_segments=int(sms["daily_segments"]),
            templates=templates,
            open_for=timedelta(minutes=data["open_minutes"]),
            notice=Notice(str(notice["template"]), dict(notice["fields"])),
        )


@lru_cache(maxsize=8)
def pack_of(folder: Path) -> Pack:
    """The messages of a city, read once."""
    return Pack.load(folder)
