"""The first start of a demonstration: a few tickets in every state, so that no screen is empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from integrations.database.engine import connect
from integrations.demo.build import first_set
from integrations.settings import Settings
from ticketing.city import City


def show(settings: Settings, say: Callable[[str], None]) -> None:
    """Write the demonstration's first tickets where demo log-ins are wanted and no ticket exists."""
    if not settings.demo:
        return
    database = connect(settings.database, settings.keys)
    try:
        with database.write() as session:
            made = first_set(session, City.load(settings.city), settings.nlu_data, datetime.now(UTC))
    finally:
        database.close()
    if made:
        say(f"写入 {made} 件演示工单（./hotline demo 可写入一年的数据）")
