"""The bot as one value: everything a turn needs, built once by the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from bot.cues import Cues
from bot.directory import Directory
from bot.faq import Faq
from bot.fields import Fields
from bot.guides.continuing import Continuing
from bot.knowledge import Knowledge
from bot.life_events import LifeEvents
from bot.matters import Matters
from bot.nlu import Nlu
from bot.notice_board import NoticeBoard
from bot.openings import Opening, Openings
from bot.replies import Replies
from bot.risks import Risks
from bot.triage import Triage, hear
from routing.duplicates import Duplicates
from routing.jurisdiction import Regions
from routing.language import vectors
from routing.router import Router
from ticketing.city import City
from ticketing.sessions import Database

_TELLING = 3


@dataclass(frozen=True)
class Bot:
    """The parts of one city's bot. `knowledge` is a holder: a new snapshot may be put in while turns run."""

    database: Database
    nlu: Nlu
    knowledge: Knowledge
    router: Router
    city: City
    replies: Replies
    triage: Triage
    cues: Cues
    life_events: LifeEvents
    matters: Matters
    directory: Directory
    faq: Faq
    fields: Fields
    risks: Risks
    board: NoticeBoard
    duplicates: Duplicates
    continuing: Continuing
    openings: Openings | None = None
    texts: bool = False

    @classmethod
    def build(
        cls,
        nlu_data: Path,
        *,
        database: Database,
        nlu: Nlu,
        knowledge: Knowledge,
        router: Router,
        city: City,
        openings: Openings | None = None,
        pack: Path | None = None,
        texts: bool = False,
    ) -> Self:
        """A bot with the words of `nlu_data`; `pack` is the city's folder where it is not one of the product's own.

        `texts` says that codes can be sent to a phone (短信).
        """
        pack = pack or nlu_data / "city" / city.code
        return cls(
            database,
            nlu,
            knowledge,
            router,
            city,
            replies=Replies.load(nlu_data / "replies"),
            triage=Triage.load(nlu_data),
            cues=Cues.load(nlu_data),
            life_events=LifeEvents.load(nlu_data),
            matters=Matters.load(nlu_data),
            directory=Directory.load(nlu_data, pack),
            faq=Faq.load(nlu_data),
            fields=Fields.load(nlu_data),
            risks=Risks.load(nlu_data, pack),
            board=NoticeBoard.load(nlu_data),
            duplicates=Duplicates.load(nlu_data, router.regions),
            continuing=Continuing.load(nlu_data),
            openings=openings,
            texts=texts,
        )

    @property
    def regions(self) -> Regions:
        """The regions of the city."""
        return self.router.regions

    def warm_up(self) -> None:
        """Load now what is loaded on first use, so that the first citizens do not wait for it; blocks for seconds."""
        self.nlu.load()
        heard = hear(self.say("consult.which_item"))
        self.triage.look(heard, self.opening(heard.text))
        self.router.recommend(heard.text)
        self.knowledge.current.linker.link(heard.text)
        vectors.encode([heard.text])  # linking and routing may have done without

    def opening(self, text: str) -> Opening | None:
        """What a normalised message sounds like; too few characters sound like nothing."""
        return self.openings.hear(text) if self.openings and len(text) >= _TELLING else None

    def say(self, reply_id: str, **blanks: Any) -> str:
        """The words of a reply."""
        return self.replies.text(reply_id, **blanks)

    def moment(self, at: datetime) -> str:
        """A moment in the city's time, in words."""
        local = at.astimezone(self.city.zone)
        return self.say(
            "progress.moment", month=local.month, day=local.day, hour=local.hour, minute=f"{local.minute:02d}"
        )
