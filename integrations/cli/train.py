"""`./hotline train`: fit the weights of item and element on the questions of nlu_data, and write them there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from bot import stand_in
from bot.cues import Cues
from bot.guides.fitting import fit_all
from bot.guides.fitting_talks import fit_talks
from bot.guides.forms import Forms
from bot.guides.lexicon import Lexicon
from bot.guides.library import Library, known_items
from bot.guides.linker import Linker
from bot.guides.recogniser import Recogniser
from bot.guides.teaching import Lessons, teach
from integrations.cli.up import say
from integrations.settings import Settings
from routing.language import vectors

_LINKER, _ELEMENTS, _CONTINUING = "linker.yml", "elements.yml", "continuing.yml"


def add(commands: Any) -> None:
    """Declare the command."""
    train = commands.add_parser("train", help="用标注问句重新校准事项和要素的权重（几分钟）")
    train.set_defaults(run=run)


def run(settings: Settings, _: argparse.Namespace) -> int:
    """Cross-validate, fit, write both files; print how unseen questions did."""
    nlu_data = settings.nlu_data
    lessons, lexicon = Lessons.read(nlu_data), Lexicon.load(nlu_data)
    library = Library.of(lessons.guides, known=known_items(nlu_data))
    forms = Forms(tuple(library), lexicon, vectors.encode, settings.home / "vectors")
    reader = stand_in.StandIn(nlu_data / "nlu", settings.home / "models")
    say(f"校准：{len(lessons.asked)} 条问句，{len(lessons.ambiguous)} 条含糊的话")
    fitted = fit_all(lessons, forms, lexicon, reader.ranking)
    _keep(nlu_data / "guides" / _LINKER, "with_meaning", fitted.linker)
    _keep(nlu_data / "guides" / _ELEMENTS, None, fitted.elements)
    for name, share in fitted.figures.items():
        say(f"{name}: {share:.1%}")
    return _train_talks(settings, lessons, library)


def _train_talks(settings: Settings, lessons: Lessons, library: Library) -> int:
    """How conversations go on, with the weights just written."""

    def link_with(recogniser: Recogniser) -> Linker:
        cache = settings.home / "vectors"
        return Linker.load(library, settings.nlu_data, encode=vectors.encode, cache=cache, recogniser=recogniser)

    say(f"校准：{len(lessons.followups)} 句追问")
    cues = Cues.load(settings.nlu_data)
    weights, share = fit_talks(lessons, cues, lambda rest: teach(rest, vectors.encode), link_with)
    _keep(settings.nlu_data / "guides" / _CONTINUING, None, weights)
    say(f"continuing: {share:.1%}")
    return 0


def _keep(file: Path, part: str | None, fitted: dict[str, Any]) -> None:
    """Put fitted weights into a file; its opening comment and what was set by hand stay."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    comment = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    data = yaml.safe_load(text) or {}
    (data[part] if part else data).update(fitted)
    file.write_text(comment + yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120), encoding="utf-8")
