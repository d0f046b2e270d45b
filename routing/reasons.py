"""Why two tellings are of the same incident (重复理由), in words an officer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routing.incident import Incident

_NUMBERED = ("building", "unit", "room", "phase", "zone", "gate", "bridge", "bus", "line", "tail")


@dataclass(frozen=True)
class Reasons:
    """Fills the sentences of `duplicates.yml`."""

    sentences: Mapping[str, str]

    def of(self, one: Incident, other: Incident, evidence: Mapping[str, float]) -> tuple[str, ...]:
        """Return the reasons for a pair, then what speaks against it."""
        return (*self._for(one, other, evidence), *self._against(evidence))

    def _for(self, one: Incident, other: Incident, evidence: Mapping[str, float]) -> list[str]:
        found = []
        names = [name.words for name in one.names if name.sound in other.sound]
        if names:
            found.append(self._say("place", names="、".join(dict.fromkeys(names[:3]))))
        for kind in _NUMBERED:
            same = one.marks.get(kind, frozenset()) & other.marks.get(kind, frozenset())
            if same:
                found.append(self._say(kind, values="、".join(sorted(same))))
        if same := (one.things & other.things) | (one.troubles & other.troubles):
            found.append(self._say("matter", names="、".join(sorted(same)[:4])))
        elif evidence["meaning"] > 0.6:
            found.append(self._say("meaning"))
        if same := one.dates & other.dates:
            found.append(self._say("date", values="、".join(sorted(same))))
        if same := one.amounts & other.amounts:
            found.append(self._say("amount", values="、".join(sorted(same)[:3])))
        return found

    def _against(self, evidence: Mapping[str, float]) -> list[str]:
        doubts = ("door_conflict", "part_conflict", "name_left", "date_conflict", "thing_conflict", "region_conflict")
        return [self._say(doubt) for doubt in doubts if evidence[doubt]]

    def _say(self, sentence: str, **values: str) -> str:
        return self.sentences[sentence].format(**values)
