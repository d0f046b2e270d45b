"""How one cell is said: its own words, then its structured rows where the words leave them out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.guides.guide import (
    Cell,
    ContactCell,
    Duration,
    FeeCell,
    FeeItem,
    Material,
    MaterialsCell,
    OnlineCell,
    ProcessCell,
    ResultCell,
    Step,
    TimeLimitCell,
)
from bot.replies import Replies

PREFIX = "answers"
MOST_LAWS = 6


class Wording:
    """Turns cells into sentences with the templates of `nlu_data/replies/answers.yml`."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    def say(self, reply: str, **blanks: Any) -> str:
        """One template of answers.yml, filled."""
        return self._replies.text(f"{PREFIX}.{reply}", **blanks)

    def cell(self, cell: Cell, *, brief: bool = False) -> str:
        """The cell in full; `brief` (one part of a whole checklist) drops the words where a list says the same
        and leaves it to the end of the checklist to say what is local.
        """
        rows = self._rows(cell)
        words = "" if brief and rows else self._sentence(cell.text, [] if brief else self._facts(cell))
        if cell.local and cell.decided_by and not brief:
            words += self.say("answer.local", decided_by=cell.decided_by)
        listed = [self.say("answer.listed", number=n, line=line) for n, line in enumerate(rows, 1)]
        return "\n".join(filter(None, [words, *listed]))

    def joined(self, parts: Iterable[str]) -> str:
        """An enumeration."""
        return self.say("answer.joint").join(parts)

    def laws(self, cells: Iterable[Cell]) -> str:
        """The laws behind some cells, each named once with all its articles."""
        articles: dict[str, list[str]] = {}
        for law in (law for cell in cells for law in cell.basis):
            told = articles.setdefault(law.name.strip("《》"), [])
            if law.article and law.article not in told:
                told.append(law.article)
        return self.joined(f"《{name}》{self.joined(told)}" for name, told in list(articles.items())[:MOST_LAWS])

    def _sentence(self, text: str, facts: list[str]) -> str:
        end = self.say("answer.end")
        whole = self.say("answer.clause_joint").join([text.rstrip(end), *facts])
        return whole if whole.endswith(("！", "？", "：", "）")) and not facts else whole + end

    def _rows(self, cell: Cell) -> list[str]:
        match cell:
            case MaterialsCell():
                return [self._material(row) for row in cell.rows]
            case ProcessCell():
                return [self._step(step) for step in cell.steps]
            case FeeCell() if any(item.yuan and _amount(item) not in cell.text for item in cell.items):
                return [self._fee(item) for item in cell.items]
            case _:
                return []

    def _facts(self, cell: Cell) -> list[str]:
        """Structured values that the cell's own words do not already contain."""
        match cell:
            case TimeLimitCell():
                pairs = (("statutory", cell.statutory), ("promised", cell.promised))
                return [self.say(f"time_limit.{k}", duration=d) for k, d in pairs if d and not _told(d, cell.text)]
            case ResultCell():
                both = (("certificate", cell.certificate), ("validity", cell.validity))
                return [self.say(f"result.{k}", **{k: v}) for k, v in both if v and v not in cell.text]
            case OnlineCell() if cell.url and cell.url not in cell.text:
                return [self.say("online.url", url=cell.url)]
            case ContactCell() if phones := [phone for phone in cell.phones if phone not in cell.text]:
                return [self.say("contact.phones", phones=self.joined(phones))]
            case _:
                return []

    def _material(self, row: Material) -> str:
        counts = [
            self.say(f"material.{kind}", count=count)
            for kind, count in (("originals", row.originals), ("copies", row.copies))
            if count
        ]
        details = [
            self.joined(counts),
            self.say("material.when", when=row.when) if row.when else "",
            self.say("material.electronic") if row.electronic else "",
            self.say("material.source", source=row.source) if row.source else "",
        ]
        return self._detailed("material.line", row.name, details)

    def _step(self, step: Step) -> str:
        return self._detailed("step.line", step.name, [step.who or "", step.time or ""])

    def _detailed(self, reply: str, name: str, details: list[str]) -> str:
        told = self.say("answer.comma").join(filter(None, details))
        return self.say(reply, name=name, details=told) if told else name

    def _fee(self, item: FeeItem) -> str:
        if item.yuan == 0:
            amount = self.say("fee.free")
        elif item.per:
            amount = self.say("fee.amount_per", yuan=_amount(item), per=item.per)
        else:
            amount = self.say("fee.amount", yuan=_amount(item))
        if item.when:
            return self.say("fee.line_when", name=item.name, when=item.when, amount=amount)
        return self.say("fee.line", name=item.name, amount=amount)


def _amount(item: FeeItem) -> str:
    """The exact number without a useless “.0”."""
    return f"{item.yuan:.2f}".rstrip("0").rstrip(".")


def _told(duration: Duration, text: str) -> bool:
    return (
        str(duration) in text
        or f"{duration.value}{duration.unit}" in text
        or (duration.unit == "当场" and duration.unit in text)
    )
