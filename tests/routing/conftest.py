from __future__ import annotations

from pathlib import Path

import pytest

from routing.catalogue import Catalogue
from routing.router import Router

NLU_DATA = Path("nlu_data")
MODELS = Path(".hotline/models")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load(NLU_DATA)


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load(NLU_DATA, MODELS)
