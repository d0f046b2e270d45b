"""`./hotline route retrain`: lessons from settled tickets, a challenger, a comparison, and perhaps a promotion."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.settings import Settings
from routing.catalogue import Catalogue
from routing.jurisdiction import Regions
from routing.retraining import Challenge, Lesson, promote, promoted, promoted_at
from routing.router import Router
from routing.training import RouterModel, load_or_train, model_version
from routing.units import Units
from ticketing import lessons
from ticketing.city import City

_STAMP = "%Y%m%dT%H%M%SZ"


def run(settings: Settings) -> dict[str, Any]:
    """Learn from the database of the settings; the running house takes the promoted model when it starts again."""
    own, now = settings.data / "models", datetime.now(UTC)
    catalogue = Catalogue.load(settings.nlu_data)
    base = model_version(settings.nlu_data, catalogue)
    champion = promoted(own, base)
    stamp = promoted_at(own) if champion else None
    trained_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) if stamp else None
    found = _lessons(settings, now, trained_at)
    if champion is None:
        champion = load_or_train(settings.nlu_data, settings.home / "models", catalogue, _say)
    challenge = Challenge(settings.nlu_data, catalogue, _answer(settings, catalogue), _say)
    verdict, challenger = challenge.run(champion, found, _kept(settings))
    if challenger is not None:
        promote(own, base, challenger, verdict, now.strftime(_STAMP))
    return verdict.to_json()


def _lessons(settings: Settings, now: datetime, trained_at: datetime | None) -> list[Lesson]:
    database, city = connect(settings.database, settings.keys), City.load(settings.city)
    try:
        upgrade(database.engine)
        with database.write() as session:
            lessons.harvest(session, city, now)
        with database.read() as session:
            return lessons.lessons(session, city, now, trained_at)
    finally:
        database.close()


def _answer(settings: Settings, catalogue: Catalogue) -> Any:
    regions = Regions.load(settings.city)
    units = Units.load(settings.city, regions)

    def answer(model: RouterModel, texts: Sequence[str]) -> list[str]:
        router = Router(settings.nlu_data, catalogue, model, regions, units)
        return [one.department for one in router.recommend_batch(texts)]

    return answer


def _kept(settings: Settings) -> list[tuple[str, frozenset[str]]]:
    """The product's own tickets for measuring, which nothing is trained on."""
    lines = (settings.nlu_data / "dev" / "routing.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    return [(row["text"], frozenset((row["department"], *row["also"]))) for row in rows]


def _say(line: str) -> None:
    print(f"▸ {line}", file=sys.stderr, flush=True)
