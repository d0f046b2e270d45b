from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import bot.guides.models  # noqa: F401 - registers the tables
from bot.guides.guide import Guide
from bot.guides.lexicon import Lexicon
from bot.replies import Replies
from ticketing.models import Base

NLU_DATA = Path(__file__).parents[3] / "nlu_data"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def nlu_data() -> Path:
    return NLU_DATA


@pytest.fixture(scope="session")
def replies() -> Replies:
    return Replies.load(NLU_DATA / "replies")


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.load(NLU_DATA)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def make_guide() -> Callable[..., Guide]:
    def make(code: str = "XX001", name: str = "甲证申领", **fields: Any) -> Guide:
        data: dict[str, Any] = {
            "code": code,
            "name": name,
            "department": "甲局",
            "cells": {},
            "source": "甲条例",
            "reviewed": date(2026, 6, 1),
            "review_due": date(2027, 6, 1),
        }
        return Guide.model_validate(data | fields)

    return make
