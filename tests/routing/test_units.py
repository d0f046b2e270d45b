from __future__ import annotations

from pathlib import Path

import pytest

from routing.jurisdiction import Place, Regions
from routing.router import Router
from routing.units import Unit, Units

CITY = Path("nlu_data/city/ordos")
DONGSHENG = Place("150602", "东胜区")


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load(CITY, Regions.load(CITY))


@pytest.mark.parametrize(
    ("department", "region", "level", "code"),
    [
        ("CG", DONGSHENG, "", "150602-CG"),
        ("CG", Place("150602101", "罕台镇"), "county", "150602-CG"),
        ("NM", Place("150626102", "图克镇"), "county", "150626-NM"),
        ("CG", DONGSHENG, "city", "150600-CG"),
        ("TX", DONGSHENG, "county", "150600-TX"),
        ("GA", None, "", "150600-GA"),
    ],
)
def test_the_lowest_competent_unit_receives(
    units: Units, department: str, region: Place | None, level: str, code: str
) -> None:
    found = units.receiving(department, region, "有人反映", level)
    assert found is not None
    assert found.unit.code == code
    assert found.options == ()


def test_of_several_companies_the_one_that_serves_the_place(units: Units) -> None:
    found = units.receiving("GR", DONGSHENG, "铁西这边暖气不热")
    assert found is not None
    assert found.unit.code == "150602-GR-W"


def test_of_several_companies_none_is_guessed(units: Units) -> None:
    found = units.receiving("GR", DONGSHENG, "暖气不热")
    assert found is not None
    assert found.unit.code == "150600-GR"
    assert [option.code for option in found.options] == ["150602-GR-E", "150602-GR-W"]
    assert [option["code"] for option in found.to_json()["options"]] == ["150602-GR-E", "150602-GR-W"]


def test_an_unknown_duty_or_parent_is_not_guessed_either(units: Units) -> None:
    assert units.receiving("XX", DONGSHENG, "") is None
    with pytest.raises(ValueError, match="unknown parents"):
        Units(Regions({}, {}), [Unit("a", "甲", "CG", "1", "b", ())])


def test_the_recommendation_names_unit_and_assisting_departments(router: Router) -> None:
    line = router.recommend("康巴什区神华康城小区物业公司乱涨物业费").to_json()
    assert line["department"] == "ZJ"
    assert line["unit"] == {"code": "150603-ZJ", "name": "康巴什区住房和城乡建设局"}
    assert isinstance(line["assist"], list)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("铁西三期拆迁", "东胜区"),
        ("大路煤化工那边有臭气", "大路煤化工基地"),
        ("上湾那边路坏了", "乌兰木伦镇"),
        ("塔拉壕拆迁的安置楼", "铜川镇"),
        ("母亲公园公厕没有灯", "东胜区"),
    ],
)
def test_nicknames_of_places_lead_to_their_region(text: str, name: str) -> None:
    place = Regions.load(CITY).find(text)
    assert place is not None
    assert place.name == name


def test_every_street_town_and_sumu_hangs_on_a_county() -> None:
    regions = Regions.load(CITY)
    counted = {}
    for county in regions.children("150600"):
        below = [regions.get(place.code) for place in regions.children(county.code)]
        counted[county.name] = sum(1 for one in below if one and one.level in {"street", "town", "sumu", "township"})
    assert counted == {
        "东胜区": 15,
        "康巴什区": 4,
        "达拉特旗": 15,
        "准格尔旗": 14,
        "鄂托克前旗": 4,
        "鄂托克旗": 6,
        "杭锦旗": 6,
        "乌审旗": 6,
        "伊金霍洛旗": 7,
    }
