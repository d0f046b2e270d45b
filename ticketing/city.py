"""A city's pack: who it is, when it works, how long things may take. Everything comes from `nlu_data/city/<NAME>/`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import yaml

from ticketing.call_plan import CallPlan
from ticketing.deadlines import Calendar, Limit
from ticketing.desk_rules import DeskRules
from ticketing.models.ticket import Kind, Urgency
from ticketing.watch import Watch
from ticketing.watch import limit_of as _limit
from ticketing.workdays import Day, DayKind

URGENT, UTILITY = "urgent", "utility"
_FAULTS = frozenset({Kind.HELP, Kind.COMPLAINT, Kind.REPORT})


@dataclass(frozen=True, slots=True)
class Profile:
    """A time-limit profile (时限档案): how long each step may take; `extension` is None where there is none."""

    code: str
    name: str
    first_contact: Limit
    sign: Limit
    finish: Limit
    extension: Limit | None


@dataclass(frozen=True, slots=True)
class Steps:
    """The hotline's own steps (热线自身环节): 派单, 紧急派单, 审核, 回访, 退单审核, 其他审批."""

    dispatch: Limit
    dispatch_urgent: Limit
    review: Limit
    callback: Limit
    return_review: Limit
    request_review: Limit


@dataclass(frozen=True, slots=True)
class Statute:
    """A statutory procedure (法定程序) with its own period."""

    name: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class SurveyRules:
    """How citizens are asked: how long a link lives, how many tries a callback gets, and the scale's top."""

    link_days: int
    attempts: int
    scale: int


@dataclass(frozen=True)
class City:
    """One city as the ticket office knows it; `region` is its GB/T 2260 code, `departments` its duties."""

    code: str
    name: str
    zone: ZoneInfo
    region: str
    calendar: Calendar
    profiles: Mapping[str, Profile]
    kinds: Mapping[str, str]
    steps: Steps
    utilities: frozenset[str]
    auto_dispatch: bool
    contacts: Mapping[str, str]
    survey: SurveyRules
    departments: frozenset[str]
    return_window: Limit
    statutory: Mapping[str, Statute]
    watch: Watch
    callbacks: CallPlan
    desk: DeskRules

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The pack of a folder."""
        city, calendar, limits = (_read(folder / f"{name}.yml") for name in ("city", "calendar", "time_limits"))
        zone = ZoneInfo(city["zone"])
        return cls(
            code=folder.name,
            name=city["name"],
            zone=zone,
            region=str(city["region"]),
            calendar=_calendar(calendar, zone),
            profiles={code: _profile(code, row) for code, row in limits["profiles"].items()},
            kinds=_kinds(limits),
            steps=Steps(**{name: _limit(row) for name, row in limits["steps"].items()}),
            utilities=frozenset(limits["utilities"]),
            auto_dispatch=bool(city["auto_dispatch"]),
            contacts=dict(city["contacts"]),
            survey=SurveyRules(**city["survey"]),
            departments=_departments(folder / "units.csv"),
            return_window=_limit(limits["return_window"]),
            statutory={code: Statute(row["name"], _limit(row)) for code, row in limits["statutory"].items()},
            watch=Watch.load(_read(folder / "supervision.yml")),
            callbacks=CallPlan.load(_read(folder / "callbacks.yml"), zone),
            desk=DeskRules.load(_read(folder / "desk.yml")),
        )

    def profile_of(self, kind: str, urgency: str, department: str | None) -> Profile:
        """The profile of a matter: critical first, then a utility's fault, else by its kind."""
        if urgency == Urgency.CRITICAL:
            return self.profiles[URGENT]
        if department in self.utilities and kind in _FAULTS:
            return self.profiles[UTILITY]
        return self.profiles[self.kinds[kind]]

    def dispatch_limit(self, urgency: str) -> Limit:
        """How long the hotline may take to dispatch (派单)."""
        return self.steps.dispatch if urgency == Urgency.NORMAL else self.steps.dispatch_urgent

    def today(self, now: datetime) -> date:
        """The city's date."""
        return now.astimezone(self.zone).date()


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def _departments(path: Path) -> frozenset[str]:
    """The duties that have a unit in this city: tickets go to these and no others."""
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row["department"] for row in csv.DictReader(file))


def _profile(code: str, row: Mapping[str, Any]) -> Profile:
    extension = row.get("extension")
    return Profile(
        code,
        row["name"],
        _limit(row["first_contact"]),
        _limit(row["sign"]),
        _limit(row["finish"]),
        _limit(extension) if extension else None,
    )


def _kinds(limits: Mapping[str, Any]) -> Mapping[str, str]:
    kinds: dict[str, str] = limits["kinds"]
    unknown = {kind.value for kind in Kind} - kinds.keys() | set(kinds.values()) - limits["profiles"].keys()
    if unknown or not {URGENT, UTILITY} <= limits["profiles"].keys():
        raise ValueError(f"time_limits.yml names no profile for {sorted(unknown) or (URGENT, UTILITY)}")
    return kinds


def _calendar(data: Mapping[str, Any], zone: ZoneInfo) -> Calendar:
    spans = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in data["spans"])
    return Calendar(zone, spans, {day.date: day for row in data["days"] for day in _own_days(row)})


def _own_days(row: Mapping[str, Any]) -> list[Day]:
    """The days of one row of the city's own table: `from`, `to` (may be missing), `kind`, `name`."""
    first, last = row["from"], row.get("to", row["from"])
    days = (last - first).days + 1
    return [Day(first + timedelta(days=n), DayKind(row["kind"]), row.get("name")) for n in range(days)]
