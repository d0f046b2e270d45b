"""The notices in force (公告栏) as turns and pages see them, read again every two seconds at most."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

import yaml

from bot.phrases import Group, any_of, words
from ticketing.public_notices import NoticeView, running
from ticketing.sessions import Database

_FRESH_SECONDS = 2.0


class NoticeBoard:
    """Holds what runs now and the words that tell which kind of notice a message is about."""

    def __init__(self, kinds: Mapping[str, Group]) -> None:
        self.kinds = kinds
        self._held: tuple[NoticeView, ...] = ()
        self._of: Database | None = None
        self._until = 0.0

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read the words of `dictionaries/notices.yml`."""
        said = yaml.safe_load((nlu_data / "dictionaries" / "notices.yml").read_text(encoding="utf-8"))
        return cls({kind: words(group) for kind, group in said["kinds"].items()})

    async def running(self, database: Database, city: str, now: datetime) -> tuple[NoticeView, ...]:
        """The notices that hold now; what was read less than two seconds ago is fresh enough."""
        if self._of is not database or time.monotonic() >= self._until:
            self._held = await database.reading(running, city, now)
            self._of, self._until = database, time.monotonic() + _FRESH_SECONDS
        return tuple(notice for notice in self._held if notice.starts_at <= now < notice.ends_at)

    def forget(self) -> None:
        """Read again next time: a notice was put up or taken down."""
        self._until = 0.0

    def about(self, notice: NoticeView, text: str) -> bool:
        """Whether a text is about what the notice announces."""
        return any_of(self.kinds.get(notice.kind, ()), text)
