"""`./hotline audit verify`: exit code 0 and a tick when nothing was touched, 1 and clear words when something was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from integrations.cli.__main__ import main
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from ticketing import intake
from ticketing.city import City
from ticketing.intake import AppealDraft
from ticketing.models import Role
from ticketing.workflow import Actor


@pytest.fixture
def data(tmp_path: Path) -> Path:
    settings = Settings(data=tmp_path)
    database = connect(settings.database, settings.keys)
    upgrade(database.engine)
    nothing = {"place": None, "region": None, "happened": None, "phone": None, "name": None, "conversation_id": None}
    plain = {"anonymous": True, "confidential": False, "wants_reply": False, "channel": "web", "city": "ordos"}
    draft = AppealDraft(kind="投诉", content="路灯不亮", **nothing, **plain)
    with database.write() as session:
        intake.register(session, draft, {}, City.load(settings.city), datetime.now(UTC), Actor(Role.BOT), None)
    database.close()
    return tmp_path


def change(data: Path, statement: str) -> None:
    settings = Settings(data=data)
    database = connect(settings.database, settings.keys)
    with database.write() as session:
        session.execute(text(statement))
    database.close()


def test_what_nobody_touched_passes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--data", str(data)]) == 0
    assert "✓ 审计链完整" in capsys.readouterr().out


def test_a_change_fails_in_clear_words(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(data, "UPDATE ticket_event SET actor_role='admin'")
    assert main(["audit", "verify", "--data", str(data)]) == 1
    assert "第 1 条记录被改动过" in capsys.readouterr().out
    assert main(["audit", "verify", "--json", "--data", str(data)]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["what"] == "row"


def test_a_noted_root_that_is_gone_fails(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--root", "ab" * 32, "--data", str(data)]) == 1
    assert "抄录的日根不在链上" in capsys.readouterr().out
