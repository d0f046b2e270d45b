from __future__ import annotations

from pathlib import Path

import pytest

from bot.cues import Cues
from bot.replies import Replies
from bot.triage import Triage

NLU_DATA = Path(__file__).parents[2] / "nlu_data"


@pytest.fixture(scope="session")
def triage() -> Triage:
    return Triage.load(NLU_DATA)


@pytest.fixture(scope="session")
def cues() -> Cues:
    return Cues.load(NLU_DATA)


@pytest.fixture(scope="session")
def replies() -> Replies:
    return Replies.load(NLU_DATA / "replies")
