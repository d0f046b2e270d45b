"""The check of the guides (指南检查): what is damaged, missing, contradictory, dead, confusable or overdue."""

from __future__ import annotations

from bot.guides.checking.finding import Finding, Known, Level, Read, level_of
from bot.guides.checking.run import check, check_one

__all__ = ["Finding", "Known", "Level", "Read", "check", "check_one", "level_of"]
