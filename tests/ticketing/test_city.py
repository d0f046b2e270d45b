from __future__ import annotations

import csv
import shutil

import pytest
import yaml

from ticketing import units
from ticketing.city import City
from ticketing.models import Kind, Unit


@pytest.mark.parametrize("name", ["ordos", "guangdong"])
def test_the_packs_load(nlu_data, name):
    city = City.load(nlu_data / "city" / name)
    assert city.code == name
    assert city.zone.key == "Asia/Shanghai"
    for kind in Kind:
        assert city.profile_of(kind, "normal", None).finish.basis


def test_the_default_profile_is_the_one_of_the_table(city):
    finish = {kind.value: city.profile_of(kind, "normal", "CG").finish.rule for kind in Kind}
    assert finish == {"咨询": "2 wd", "求助": "5 wd", "投诉": "5 wd", "举报": "10 wd", "建议": "10 wd", "表扬": "3 wd"}
    assert city.profile_of("投诉", "critical", "GR").code == "urgent"
    assert city.profile_of("求助", "normal", "GR").sign.rule == "30 min"
    assert city.profile_of("咨询", "normal", "GR").code == "enquiry"
    assert city.profiles["urgent"].extension is None
    assert city.profiles["complex"].finish.rule == "15 d"


def test_a_pack_that_forgets_a_kind_does_not_start(nlu_data, tmp_path):
    pack = tmp_path / "city"
    shutil.copytree(nlu_data / "city" / "ordos", pack)
    limits = yaml.safe_load((pack / "time_limits.yml").read_text(encoding="utf-8"))
    del limits["kinds"]["举报"]
    (pack / "time_limits.yml").write_text(yaml.safe_dump(limits, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match="举报"):
        City.load(pack)


def test_the_citys_own_days_are_read(nlu_data, tmp_path):
    pack = tmp_path / "city"
    shutil.copytree(nlu_data / "city" / "ordos", pack)
    days = [{"from": "2026-08-01", "to": "2026-08-03", "kind": "city_holiday", "name": "那达慕"}]
    text = yaml.safe_dump({"spans": [["09:00", "17:00"]], "days": days}, allow_unicode=True).replace("'2026", "2026")
    (pack / "calendar.yml").write_text(text.replace("-01'", "-01").replace("-03'", "-03"), encoding="utf-8")
    city = City.load(pack)
    assert [day.isoformat() for day in city.calendar.own] == ["2026-08-01", "2026-08-02", "2026-08-03"]


def test_units_are_seeded_once_for_every_duty(database, city, nlu_data):
    pack = nlu_data / "city" / "ordos"
    with database.write() as session:
        assert units.seed(session, city, pack) > 38
        assert units.seed(session, city, pack) == 0
    with (nlu_data / "catalogue" / "departments.csv").open(encoding="utf-8") as file, database.read() as session:
        for row in csv.DictReader(file):
            assert units.receiving(session, city, row["code"], None) is not None, row["code"]


@pytest.mark.parametrize(
    ("department", "region", "code"),
    [
        ("CG", "150602", "150602-CG"),
        ("CG", "150602001", "150602-CG"),
        ("CG", "150602001003", "150602-CG"),
        ("CG", None, "150600-CG"),
        ("GA", "150602", "150602-GA"),
        ("TX", "150602", "150600-TX"),
        ("CG", "440100", "150600-CG"),
        ("XX", "150602", None),
    ],
)
def test_the_nearest_unit_receives(sqlite, city, nlu_data, department, region, code):
    with sqlite.write() as session:
        units.seed(session, city, nlu_data / "city" / "ordos")
        found = units.receiving(session, city, department, region)
        assert (session.get_one(Unit, found).code if found else None) == code


def test_a_departments_units(sqlite, city, nlu_data):
    with sqlite.write() as session:
        units.seed(session, city, nlu_data / "city" / "ordos")
        assert [unit.region for unit in units.of_department(session, city, "CG")][:2] == ["150600", "150602"]


def test_of_several_units_in_a_place_the_recommended_one_receives_else_the_one_above(sqlite, city, nlu_data):
    with sqlite.write() as session:
        units.seed(session, city, nlu_data / "city" / "ordos")
        recommended = units.receiving(session, city, "GR", "150602", "150602-GR-W")
        assert session.get_one(Unit, recommended).code == "150602-GR-W"
        assert session.get_one(Unit, units.receiving(session, city, "GR", "150602")).code == "150600-GR"
        assert session.get_one(Unit, units.receiving(session, city, "CG", "150602", "150602-GR-W")).code == "150602-CG"
