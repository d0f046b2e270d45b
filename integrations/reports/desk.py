"""The desk a report is written at: the house's words, matters, regions and the counts of its catalogue."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import yaml
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from ticketing import reports
from ticketing.measuring import Counts, Question
from ticketing.models import Role
from ticketing.report_sections import Desk
from ticketing.workflow import Actor

_SYSTEM = Actor(Role.SYSTEM)


def desk(house: House, session: Session, actor: Actor, question: Question) -> Desk:
    """A desk for one question."""
    return Desk(
        session,
        house.city,
        question,
        actor,
        house.replies.text,
        house.replies.has,
        _matters(house.settings.nlu_data / "routing" / "matters.yml"),
        _regions(house.settings.city / "regions.csv"),
        catalogue_counts(house),
    )


@lru_cache(maxsize=4)
def _matters(path: Path) -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))["things"]
    return found


@lru_cache(maxsize=4)
def _regions(path: Path) -> Mapping[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def catalogue_counts(house: House) -> Counts:
    """事项进驻率 and 网上办理率: the known items that have a guide here, and those that can be done online."""
    items = house.bot.knowledge.current.library.items.values()
    written = [item for item in items if item.written]
    online = [item for item in written if any(guide.cells.online and guide.cells.online.url for guide in item.guides)]
    return {"items_in_hall": (len(written), len(items)), "items_online": (len(online), len(written))}


def make(house: House, actor: Actor, kind: str, question: Question, now: datetime, matter: str = "") -> UUID:
    """Write a report and keep it; returns its id."""
    with house.database.read() as session:
        content = reports.write(desk(house, session, actor, question), kind, matter)
    with house.database.write() as session:
        return reports.keep(session, desk(house, session, actor, question), kind, content, now, None)


def make_due(house: House, now: datetime) -> int:
    """Write the scheduled reports whose span is over; returns how many. Twice at once keeps each once."""
    with house.database.read() as session:
        wanted = reports.due(session, house.city, now)
    for key, kind, start, end in wanted:
        question = Question(reports.KINDS[kind].accounting, start, end, now)
        with house.database.read() as session:
            content = reports.write(desk(house, session, _SYSTEM, question), kind)
        with house.database.write() as session:
            reports.keep(session, desk(house, session, _SYSTEM, question), kind, content, now, key)
    return len(wanted)
