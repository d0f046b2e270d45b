"""Words and figures for the screen: Chinese labels of codes, error sentences, moments in the city's time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.replies import Replies, blanks_of
from ticketing.errors import HotlineError


@dataclass(frozen=True)
class Words:
    """The house's words (`nlu_data/replies/`) as pages need them."""

    replies: Replies
    zone: ZoneInfo

    def label(self, section: str, code: object) -> str:
        """The Chinese label of a code, as in `labels.yml`; a code nobody labelled shows itself."""
        key = f"labels.{section}.{code}"
        return self.replies.text(key) if code and self.replies.has(key) else str(code or "")

    def labels(self, section: str) -> Mapping[str, str]:
        """All labels of a section by code."""
        return self.replies.group(f"labels.{section}")

    def error(self, error: HotlineError) -> str:
        """The sentence for an error: by its code, else by its class, else the general one."""
        for code in (error.code, type(error).code):
            key = f"errors.{code}"
            if not self.replies.has(key):
                continue
            blanks = {name: self._plain(value) for name, value in error.details.items()}
            if blanks_of(self.replies.variants[key][0]) <= blanks.keys():
                return self.replies.text(key, **blanks)
        return self.replies.text("errors.error")

    def moment(self, at: datetime | None) -> str:
        """A moment in the city's time: 2026-11-22 14:08."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if at else ""

    def short(self, at: datetime | None) -> str:
        """A moment of these days: 14:08 today, 11月22日 14:08 on another day."""
        if at is None:
            return ""
        local = at.astimezone(self.zone)
        today = local.date() == now().astimezone(self.zone).date()
        return local.strftime("%H:%M") if today else f"{self.day(at)} {local:%H:%M}"

    def day(self, at: datetime | None) -> str:
        """A moment's date: 11月22日."""
        return f"{(local := at.astimezone(self.zone)).month}月{local.day}日" if at else ""

    def span(self, length: timedelta) -> dict[str, int]:
        """A length of time in days, hours and minutes, for templates."""
        minutes = int(abs(length).total_seconds()) // 60
        return {"days": minutes // 1440, "hours": minutes // 60 % 24, "minutes": minutes % 60}

    def _plain(self, value: object) -> object:
        return self.moment(value) if isinstance(value, datetime) else value


def now() -> datetime:
    """This moment; the web is where the clock is read."""
    return datetime.now(UTC)
