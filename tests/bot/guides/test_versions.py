from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.guides.library import Library
from bot.guides.models import GuideImport, GuideVersion
from bot.guides.versions import revise, seed
from ticketing.errors import NotFound

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, make_guide) -> Path:
    write(tmp_path, make_guide("XX001", "甲证申领"))
    write(tmp_path, make_guide("XX002", "乙证申领", region="150600"))
    return tmp_path


def write(folder: Path, guide) -> None:
    file = folder / "guides" / "XX" / f"{guide.code}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(guide.model_dump(mode="json", exclude_defaults=True), allow_unicode=True))


def versions(session, item: str) -> list[tuple[int, str, bool]]:
    query = select(GuideVersion.version, GuideVersion.status, GuideVersion.edited).where(GuideVersion.item == item)
    return [tuple(row) for row in session.execute(query.order_by(GuideVersion.version))]


def test_seeding_twice_changes_nothing(session, folder):
    assert seed(session, folder, "ordos", NOW).stored == {"new": 2}
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}
    assert versions(session, "XX001") == [(1, "current", False)]


def test_a_changed_file_makes_a_new_version(session, folder, make_guide):
    seed(session, folder, "ordos", NOW)
    write(folder, make_guide("XX001", "甲证申领", aliases=("甲证",)))
    assert seed(session, folder, "ordos", NOW).stored == {"changed": 1, "unchanged": 1}
    assert versions(session, "XX001") == [(1, "superseded", False), (2, "current", False)]
    assert Library.load(session, "ordos").items["XX001"].aliases == ("甲证",)


def test_a_changed_file_never_overwrites_an_edit(session, folder, make_guide):
    seed(session, folder, "ordos", NOW)
    revise(session, make_guide("XX001", "甲证申领", summary="人改过的"), "ordos", NOW)
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}
    write(folder, make_guide("XX001", "甲证申领", summary="文件改过的"))
    report = seed(session, folder, "ordos", NOW)
    assert report.stored == {"conflict": 1, "unchanged": 1}
    assert report.by_code == {"edited_in_console": 1}
    assert Library.load(session, "ordos").guide("XX001").summary == "人改过的"
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}, "a conflict is raised once"
    assert [row.flag for row in session.scalars(select(GuideImport))] == ["edited_in_console"]


def test_only_what_exists_can_be_edited(session, make_guide):
    with pytest.raises(NotFound):
        revise(session, make_guide("XX404"), "ordos", NOW)


def test_a_broken_file_is_flagged_and_the_rest_is_read(session, folder):
    (folder / "guides" / "XX" / "XX003.yml").write_text("code: XX003\nname: [")
    (folder / "guides" / "XX" / "XX004.yml").write_text("code: XX004\nname: 丁\n")
    report = seed(session, folder, "ordos", NOW)
    assert report.by_code == {"unreadable": 1, "schema": 1}
    assert report.stored == {"new": 2}
    assert session.scalars(select(GuideImport.item).order_by(GuideImport.position)).all() == ["XX003", "XX004"]


def test_the_guides_of_the_house_are_all_valid(session, nlu_data):
    report = seed(session, nlu_data, "ordos", NOW)
    assert report.flags == ()
    assert report.guides >= 20
