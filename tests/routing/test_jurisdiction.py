from __future__ import annotations

from pathlib import Path

import pytest

from routing.jurisdiction import Regions

CITY = Path("nlu_data/city/ordos")


@pytest.fixture(scope="module")
def regions() -> Regions:
    return Regions.load(CITY)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("东胜区万达附近工地施工", "东胜区"),
        ("康巴什这边停水", "康巴什区"),
        ("达旗树林召镇停电", "树林召镇"),
        ("我在伊旗阿镇住", "阿勒腾席热镇"),
        ("鄂前旗牧民反映草场", "鄂托克前旗"),
        ("鄂旗棋盘井粉尘大", "棋盘井镇"),
        ("鄂托克西街路灯不亮", "东胜区"),
        ("杭锦北路堵车", "东胜区"),
        ("杭锦旗锡尼镇暖气不热", "锡尼镇"),
        ("达拉特旗昭君街道办事处", "昭君街道"),
        ("准格爾旗薛家灣鎮", "薛家湾镇"),
        ("鄂尔多斯市有没有补贴", "鄂尔多斯市"),
    ],
)
def test_words_of_place_lead_to_the_lowest_region(regions: Regions, text: str, name: str) -> None:
    place = regions.find(text)
    assert place is not None
    assert place.name == name


def test_no_place_is_no_place(regions: Regions) -> None:
    assert regions.find("暖气不热没人管") is None
    assert regions.find("") is None


def test_ancestors_go_up_to_the_province(regions: Regions) -> None:
    assert [place.code for place in regions.ancestors("150627100")] == ["150627", "150600", "150000"]
    assert regions.ancestors("000000") == ()


def test_the_sample_city_has_two_districts_and_seven_banners(regions: Regions) -> None:
    counties = regions.children("150600")
    assert [place.name[-1] for place in counties].count("区") == 2
    assert [place.name[-1] for place in counties].count("旗") == 7


def test_an_orphan_region_is_refused(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text("code,name,parent,level,aliases\n1506,甲,15,city,\n", encoding="utf-8")
    with pytest.raises(ValueError, match="unknown parent"):
        Regions.load(tmp_path)
