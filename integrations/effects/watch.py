"""The watch (督查巡检): ends pauses on their day, warns, proposes cards, makes the daily root; each in its own hop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from integrations.bootstrap import House
from ticketing import alerts, audit_roots, cards, offices, requests

log = structlog.get_logger()


def go_round(house: House, now: Callable[[], datetime]) -> int:
    """Do all that is due; returns how many things were done. Running it twice, or twice at once, does nothing twice."""
    done = _resume(house, now) + _warn(house, now) + _propose(house, now)
    with house.database.write() as session:
        day = audit_roots.seal_days(session, house.city, now())
    if day is not None:
        log.info("audit_root", day=day)
    return done + (day is not None)


def _resume(house: House, now: Callable[[], datetime]) -> int:
    with house.database.write() as session:
        late = offices.overdue_parts(session, house.city, now())
        return late + requests.resume_due(session, house.city, now())


def _warn(house: House, now: Callable[[], datetime]) -> int:
    with house.database.read() as session:
        found = alerts.due_alerts(session, house.city, now())
    fired = 0
    for alert in found:
        with house.database.write() as session:
            fired += alerts.fire(session, house.city, alert, now())
    return fired


def _propose(house: House, now: Callable[[], datetime]) -> int:
    with house.database.read() as session:
        found = cards.due_cards(session, house.city, now())
    made = 0
    for proposal in found:
        with house.database.write() as session:
            made += cards.propose(session, house.city, proposal, now()) is not None
    return made
