from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from routing.duplicates import Duplicates
from routing.jurisdiction import Regions
from ticketing import echoes
from ticketing.models import IncidentKey, Status, Ticket

NLU_DATA = Path(__file__).parents[2] / "nlu_data"
HEATING = "万家惠欣园小区3号楼暖气冰凉，家里只有12度"


@pytest.fixture(scope="module")
def duplicates() -> Duplicates:
    return Duplicates.load(NLU_DATA, Regions.load(NLU_DATA / "city" / "ordos"))


def _found(office, duplicates, content, place=None, now=None):
    with office.database.read() as session:
        return echoes.echoes(session, duplicates, office.city, content, place, now or office.now)


def test_the_same_incident_is_found_with_its_reasons(everywhere, duplicates):
    first = everywhere.register(content=HEATING, place="万家惠欣园3号楼")
    everywhere.register(content="万家惠欣园8号楼暖气不热", place="万家惠欣园8号楼")
    everywhere.register(content="公交3路甩站不停车", place="青春山站")
    (echo,) = _found(everywhere, duplicates, "万家惠欣园三栋停暖了，冻得不行")
    assert echo.number == first.number
    assert "同为3号楼" in echo.reasons
    assert echo.probability > 0.35


def test_only_open_tickets_of_the_last_days_count(office, duplicates):
    office.register(content=HEATING, place="万家惠欣园3号楼")
    later = office.now + echoes.WITHIN + timedelta(days=1)
    assert _found(office, duplicates, HEATING, now=later) == ()
    with office.database.write() as session:
        session.scalars(select(Ticket)).one().status = Status.CLOSED
    assert _found(office, duplicates, HEATING) == ()


def test_a_ticket_is_no_echo_of_itself_and_finds_those_after_it(office, duplicates):
    first = office.register(content=HEATING, place="万家惠欣园3号楼")
    second = office.register(content="万家惠欣园3栋停暖，室温12度", place=None)
    with office.database.read() as session:
        (echo,) = echoes.echoes_of(session, duplicates, office.city, first.ticket_id)
    assert echo.number == second.number


def test_the_keys_cannot_be_read_and_are_looked_up_by_index(office):
    office.register(content=HEATING, place="万家惠欣园3号楼")
    with office.database.read() as session:
        keys = session.scalars(select(IncidentKey.key_mac)).all()
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT ticket_id FROM incident_key "
            "WHERE city = 'ordos' AND key_mac IN (x'00', x'01') AND registered_at > '2026-01-01'"
        )
        assert "USING INDEX ix_incident_key_found" in str(plan.all()).replace("COVERING ", "")
    assert keys
    assert all(len(key) == 32 for key in keys)


def test_words_without_a_place_find_nothing(office, duplicates):
    office.register(content="暖气不热", place=None)
    assert _found(office, duplicates, "暖气不热") == ()
