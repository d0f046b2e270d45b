"""Tokens, imports and open requests hold on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.database.engine import Database
from ticketing import accounts, api_tokens, importing
from ticketing.api_tokens import Scope
from ticketing.city import City
from ticketing.errors import Conflict
from ticketing.intake import AppealDraft
from ticketing.models import Kind, Role
from ticketing.open_requests import Wanted, open_requests

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
DRAFT = AppealDraft("投诉", "路灯不亮", None, None, None, "13900000001", None, False, False, True, "web", None, "ordos")
ORIGIN = {"platform": "province", "number": "NM-1"}


def test_a_matter_of_a_superior_platform(database: Database, nlu_data: Path) -> None:
    city = City.load(nlu_data / "city" / "ordos")
    with database.write() as session:
        accounts.create_staff(
            session, username="desk", display_name="desk", password="correct-horse", role=Role.OPERATOR, now=NOW
        )
        lasts = timedelta(hours=1)
        token = api_tokens.issue(session, username="desk", name="x", scopes=[Scope.METRICS], lasts=lasts, now=NOW)
    with database.write() as session:
        bearer = api_tokens.bearer(session, token, NOW)
        assert bearer is not None and api_tokens.bearer(session, token, NOW + lasts) is None
        made = [importing.take_over(session, DRAFT, {}, city, NOW, bearer.actor, **ORIGIN) for _ in range(2)]
        assert made[0] == made[1]
    other = AppealDraft("求助", "别的事", None, None, None, None, None, True, False, True, "web", None, "ordos")
    with pytest.raises(Conflict), database.write() as session:
        importing.take_over(session, other, {}, city, NOW, bearer.actor, **ORIGIN)
    with database.read() as session:
        assert importing.ticket_of(session, bearer.actor, **ORIGIN) == made[0].ticket_id
        found = open_requests(session, city, bearer.actor, Wanted(kinds=[Kind.COMPLAINT], open=True), NOW)
        assert [one.number for one in found] == [made[0].number]
        assert open_requests(session, city, bearer.actor, Wanted(open=False), NOW) == ()
        assert open_requests(session, city, bearer.actor, Wanted(), NOW + timedelta(days=91)) == ()
