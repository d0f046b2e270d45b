from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.guides.library import Library
from bot.guides.models import GuideImport, GuideVersion, Origin
from bot.guides.report import ImportReport, Parsed
from bot.guides.versions import Edit, revise, seed, settle, store
from ticketing.errors import Conflict, NotFound

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


def sheet(guide, base=None) -> tuple:
    return [Parsed(guide, f"sheet-{guide.summary}", base)], ImportReport(1, 1, ())


def test_a_spreadsheet_changes_what_it_was_exported_from(session, folder, make_guide):
    seed(session, folder, "ordos", NOW)
    new = make_guide("XX001", "甲证申领", summary="表格改的")
    report = store(session, *sheet(new, base=1), "ordos", NOW, Edit(Origin.SHEET))
    assert report.stored == {"changed": 1}
    assert store(session, *sheet(new, base=1), "ordos", NOW, Edit(Origin.SHEET)).stored == {"unchanged": 1}
    # The product's own file has not changed, so it does not come back over the department's words.
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}
    write(folder, make_guide("XX001", "甲证申领", summary="文件改过的"))
    assert seed(session, folder, "ordos", NOW).stored == {"conflict": 1, "unchanged": 1}


def test_an_old_spreadsheet_waits_as_a_conflict(session, folder, make_guide):
    seed(session, folder, "ordos", NOW)
    revise(session, make_guide("XX001", "甲证申领", summary="人改过的"), "ordos", NOW)
    old = make_guide("XX001", "甲证申领", summary="旧表里改的")
    for base in (1, None):
        assert store(session, *sheet(old, base), "ordos", NOW, Edit(Origin.SHEET)).stored in (
            {"conflict": 1},
            {"unchanged": 1},
        )
    assert Library.load(session, "ordos").guide("XX001").summary == "人改过的"
    assert versions(session, "XX001")[-1] == (3, "conflict", False)


def test_nobody_saves_over_a_version_they_have_not_seen(session, folder, make_guide):
    seed(session, folder, "ordos", NOW)
    new = make_guide("XX001", "甲证申领", summary="甲改的")
    assert revise(session, new, "ordos", NOW, Edit(base=1)) == 2
    with pytest.raises(Conflict):
        revise(session, make_guide("XX001", "甲证申领", summary="乙改的"), "ordos", NOW, Edit(base=1))


@pytest.mark.parametrize("take", [True, False])
def test_a_settled_conflict_does_not_come_back(session, folder, make_guide, take):
    seed(session, folder, "ordos", NOW)
    revise(session, make_guide("XX001", "甲证申领", summary="人改过的"), "ordos", NOW)
    write(folder, make_guide("XX001", "甲证申领", summary="文件改过的"))
    seed(session, folder, "ordos", NOW)
    waiting = session.scalars(select(GuideVersion).where(GuideVersion.status == "conflict")).one()
    settle(session, waiting, take=take, now=NOW, edit=Edit())
    session.flush()
    assert Library.load(session, "ordos").guide("XX001").summary == ("文件改过的" if take else "人改过的")
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}
    with pytest.raises(Conflict):
        settle(session, waiting, take=take, now=NOW, edit=Edit())
    write(folder, make_guide("XX001", "甲证申领", summary="文件又改了"))
    assert seed(session, folder, "ordos", NOW).stored == {"changed" if take else "conflict": 1, "unchanged": 1}


def test_a_file_written_otherwise_that_says_the_same_changes_nothing(session, folder):
    seed(session, folder, "ordos", NOW)
    file = folder / "guides" / "XX" / "XX001.yml"
    file.write_text("# 注释\n" + file.read_text())
    assert seed(session, folder, "ordos", NOW).stored == {"unchanged": 2}
