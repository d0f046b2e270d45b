from __future__ import annotations

from benchmarks import linking
from integrations.settings import Settings


def test_made_items_stand_beside_the_products_own() -> None:
    own = len(linking.library(Settings(), []))
    known = linking.library(Settings(), ["取水许可", "取水许可", "河道采砂许可"])
    assert len(known) == own + 2 * 5
    assert known.item("X-00002") is not None
