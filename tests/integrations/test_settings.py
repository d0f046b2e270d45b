"""Settings come from the environment, the command line wins, and what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.settings import ROOT, VARIABLES, Settings, SettingsError


def test_nothing_set_runs_on_one_machine() -> None:
    settings = Settings.load({}, data=Path("/data"))
    assert settings.database == "sqlite:////data/hotline.db"
    assert settings.embedded
    assert settings.url == "http://127.0.0.1:8345"


def test_the_command_line_wins_over_the_environment() -> None:
    assert Settings.load({"HOTLINE_PORT": "9000"}, port=9001).port == 9001
    assert Settings.load({"HOTLINE_PORT": "9000"}, port=None).port == 9000


def test_an_empty_variable_is_an_unset_one() -> None:
    assert Settings.load({"HOTLINE_PORT": "", "DATABASE_URL": ""}).port == 8345


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d"])
def test_postgresql_is_reached_by_psycopg(url: str) -> None:
    assert Settings.load({"DATABASE_URL": url}).database == "postgresql+psycopg://u:p@h/d"


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="port"):
        Settings.load({"HOTLINE_PORT": "many"})


def test_every_setting_a_person_makes_is_explained() -> None:
    explained = (ROOT / ".env.example").read_text(encoding="utf-8")
    own = {"HOTLINE_DATA", "HOTLINE_HOME", "HOTLINE_ASSETS"}  # set by the launcher and by `up`
    assert [name for name in VARIABLES if f"{name}=" not in explained and name not in own] == []
