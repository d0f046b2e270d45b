from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.guides.library import KnownItem, Library, ancestors, known_items
from bot.guides.report import ImportReport, Parsed
from bot.guides.versions import store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NOTHING = ImportReport(0, 0, ())


def put(session, city, *guides):
    store(session, [Parsed(guide, guide.model_dump_json()) for guide in guides], NOTHING, city, NOW)


def test_another_citys_guides_never_answer(session, make_guide):
    put(session, "ordos", make_guide("N1", "全国项"), make_guide("O1", "鄂尔多斯项", region="150600"))
    put(session, "guangdong", make_guide("G1", "广东项", region="440000"))
    assert set(Library.load(session, "ordos").items) == {"N1", "O1"}
    assert set(Library.load(session, "guangdong").items) == {"N1", "G1"}


def test_a_citys_own_item_hides_the_national_one_of_the_same_name(session, make_guide):
    put(session, "guangdong", make_guide("N1", "环评审批"), make_guide("G1", "环评审批", region="440000"))
    known = [KnownItem("HB001", "环评审批", "HB"), KnownItem("HB002", "排污许可", "HB")]
    assert set(Library.load(session, "guangdong", known=known).items) == {"G1", "HB002"}
    assert set(Library.load(session, "ordos", known=known).items) == {"N1", "HB001", "HB002"}


def test_an_item_without_a_guide_is_known_by_name(nlu_data):
    library = Library.of([], known=known_items(nlu_data))
    assert len(library) == 184
    assert library.item("GA003").name == "居民身份证补领"
    assert not library.item("GA003").written
    assert library.guide("GA003") is None


@pytest.mark.parametrize(
    ("region", "found"),
    [("150602", "150602"), ("150622", "150600"), ("150602001", "150602"), ("150900", "000000"), (None, "150600")],
)
def test_the_lowest_competent_level_answers(make_guide, region, found):
    regions = ("000000", "150600", "150602")
    library = Library.of([make_guide(region=one) for one in regions], region="150600")
    assert library.guide("XX001", region).region == found


def test_a_sister_region_never_answers(make_guide):
    library = Library.of([make_guide(region="150602")], region="150600")
    assert library.guide("XX001", "150622") is None
    assert library.guide("XX001").region == "150602"


def test_ancestors_end_with_the_nation():
    assert ancestors("150602001") == ("150602001", "150602", "150600", "150000", "000000")
    assert ancestors("000000") == ("000000",)


def test_the_stamp_tells_a_changed_library(make_guide):
    assert Library.of([make_guide()]).stamp == Library.of([make_guide()]).stamp
    assert Library.of([make_guide()]).stamp != Library.of([make_guide(summary="新")]).stamp
