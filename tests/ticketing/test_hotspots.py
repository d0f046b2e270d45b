from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from routing.duplicates import Duplicates
from routing.jurisdiction import Regions
from ticketing import hotspots
from ticketing.models import Ticket

NLU_DATA = Path(__file__).parents[2] / "nlu_data"
TOLD = ("万家惠欣园3号楼暖气冰凉，家里12度", "万家惠欣园三栋停暖了，冻得不行", "万家惠欣园3#停暖")


@pytest.fixture(scope="module")
def duplicates() -> Duplicates:
    return Duplicates.load(NLU_DATA, Regions.load(NLU_DATA / "city" / "ordos"))


def _look(office, duplicates, now=None):
    with office.database.read() as session:
        return hotspots.hotspots(session, duplicates, office.city, now or office.now)


def test_three_who_tell_of_one_incident_are_a_cluster(everywhere, duplicates):
    made = [everywhere.register(content=text, place=None) for text in TOLD]
    everywhere.register(content="万家惠欣园3号楼电梯坏了", place=None)
    (cluster,) = _look(everywhere, duplicates).clusters
    assert cluster.count == 3
    assert set(cluster.numbers) == {one.number for one in made}
    assert (cluster.region, cluster.department) == ("150602", "CG")
    assert _look(everywhere, duplicates, everywhere.now + timedelta(days=20)).clusters == ()


def test_a_department_that_surges_is_named_with_what_was_expected(office, duplicates):
    for days in range(17):
        made = office.register(content=f"第{days}件", place=None)
        if days < 3:
            _move(office, made.ticket_id, timedelta(days=30 * (days + 1)))
    surges = {(one.dimension, one.code) for one in _look(office, duplicates).surges}
    assert surges == {("department", "CG"), ("region", "150602")}
    (first, *_) = _look(office, duplicates).surges
    assert first.count == 14
    assert first.expected < 1


def test_a_quiet_city_has_nothing_hot(office, duplicates):
    office.register()
    found = _look(office, duplicates)
    assert (found.clusters, found.surges) == ((), ())


def _move(office, ticket_id, back):
    with office.database.write() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket_id).values(registered_at=office.now - back))
