"""What a telling says about an incident (事件): where, which numbers, when, and what the matter is."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from routing.catalogue import any_of, read_yaml
from routing.jurisdiction import Place, Regions
from routing.language.normalise import normalised
from routing.language.sounds import sounds
from routing.language.vectors import DIMENSIONS, Vectors, encode
from routing.marks import Marks, amounts, dates, halves, place_marks, relative_days, without_marks
from routing.rarity import Rarity, grams

MAX_CHARACTERS = 600
_VECTOR_CHARACTERS = 100
_SHORTEST_CLAUSE = 3
_MOST_CLAUSES = 5
_MOST_WORDS = 20_000
_MOST_KEYS = 12
_LONGEST_NAME = 6
_PAUSE = re.compile(r"[,。;!?!\s]+")
_NOTHING = re.compile(
    "(?:市民|群众|家长|消费者|村民|用户|业主|居民|游客)(?:来电)?(?:反映|投诉)|来电人称|市民来电|你好|您好|我反映个事|麻烦|诉求|"
    "请[^,。]{0,8}(?:处理|核实|核查|查处|清理|整改)|要求(?:处理|整改|核查|解决)"
)
_NAMED = re.compile(r"[0-9a-z一-鿿]+")
_NAME_REACH = 3  # characters before the ending of a place that belong to its name
# Kinds of named places, by what their names end in; two names of one kind that differ are two places.
_KINDS: Mapping[str, str] = {
    "estate": "小区|花园|家园|嘉园|佳园|佳苑|名苑|嘉苑|公寓|大厦|广场|华府|公馆|国际|华庭|花城|新城|豪庭|御园|"
    "雅苑|名邸|名都|新村|壹品|庄园|家属院|家属楼|商城|都市|名门|学府|上城|首府|御府|庭院|西园|东园|北园|南园|苑|城",
    "road": "大街|大道|国道|县道|高速|公路|胡同|街|路|巷",
    "village": "嘎查|自然村|村|屯",
    "school": "幼儿园|小学|中学|学校|大学|学院|培训|教育",
    "hospital": "卫生院|卫生室|妇幼保健院|保健院|医院|诊所|药店|药房",
    "shop": "火锅店|烧烤店|饭店|餐馆|餐厅|酒店|宾馆|超市|百货|百货大楼|商场|便利店|商店|健身房|健身|理发店|网吧|ktv|"
    "酒吧|金店|加油站|服务区|驾校|快递|影楼|美容院|4s店|面馆|菜馆|市场|电影院|影院",
    "works": "水泥厂|焦化厂|化工厂|电厂|煤矿|工厂|工地|公司|热力|集团|砖厂|厂|矿|合作社",
    "stop": "火车站|汽车站|车站|机场|收费站|站",
    "water": "水库|河|湖|渠",
    "sight": "景区|公园|博物馆|体育场|体育馆|图书馆|广场",
}  # fmt: skip
_MENTION = re.compile("|".join(f"(?P<{kind}>{ends})" for kind, ends in _KINDS.items()))
# What stands right before a number of a house or a phase is an estate, whatever it ends in: 香水湾2号楼.
_HOUSED = re.compile(
    r"(?=[0-9a-z一二三四五六七八九十]{1,4}(?:号楼|栋|幢|#|期(?!间|限|待|望)))(?<![0-9a-z一二三四五六七八九十])"
)
# Before an ending these make no name: 这个小区, 我们村, 门口的路, 新修路.
_NEVER = frozenset(
    "的了在我你他这那哪是没与到从去来上下后小每此住让邻某占过走条段座楼栋号户们被把给建着开道退出也往向附就都市旗镇县省区内外里"
)
_NOT_LAST = _NEVER | frozenset(
    "个本该各全家有和前大老新修铺所间一二两三四五六七八九十几0123456789边旁对坏门口等回住车水电停马铁网线半思进同整盟沿正国高乡农公环跑街路道巷"
)
_GENERIC_ENDINGS = "小区 广场 公司 学校 医院 市场 超市 饭店 商场 村"
_EVERYWHERE_WORDS = """
燃气 煤气 天然 物业 供热 热力 供水 来水 供电 电力 快递 化工 水务 居民 住宅 生活 施工 人行 机动 盲人 消防 农贸 饮水 污水
附近 周边 临街 商业 政务 社保 分公 有限 培训 教育 辅导 房产 地产 保险 旅游 客运 运输 公共 自来 建筑 拆迁
"""
_GENERIC = frozenset(f"{_GENERIC_ENDINGS} {_EVERYWHERE_WORDS}".split())


@dataclass(frozen=True, slots=True)
class Telling:
    """One text as it came in: what was said, where and when it was told, if that is known."""

    text: str
    place: str | None = None
    told: date | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A named place: its kind and the two characters before its ending, as they sound, and as written."""

    kind: str
    sound: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """Vectors of what a telling says of its matter: the whole, its clauses, its telling words with their weights."""

    whole: Vectors
    clauses: Vectors
    words: Vectors
    weights: Vectors


@dataclass(frozen=True, slots=True)
class Masses:
    """What the sounds, those outside names, and the characters of a telling weigh: each pair is compared with these."""

    grams: float
    plain: float
    characters: float


@dataclass(frozen=True, slots=True, eq=False)
class Incident:
    """A telling, read."""

    text: str
    sound: str
    placing: str
    names: tuple[Name, ...]
    marks: Marks
    region: Place | None
    dates: frozenset[str]
    relative: frozenset[str]
    halves: frozenset[str]
    amounts: frozenset[str]
    things: frozenset[str]
    troubles: frozenset[str]
    grams: frozenset[str]
    plain: frozenset[str]
    characters: frozenset[str]
    masses: Masses
    meaning: Meaning


class Reader:
    """Reads tellings with the city's regions and the table of matters."""

    def __init__(self, regions: Regions, rarity: Rarity, things: Matters, troubles: Matters) -> None:
        self.regions = regions
        self._rarity = rarity
        self._meanings = Meanings()
        self._things = things
        self._troubles = troubles

    @classmethod
    def load(cls, nlu_data: Path, regions: Regions, rarity: Rarity) -> Reader:
        """Read the table of matters."""
        table = read_yaml(nlu_data / "routing" / "matters.yml")
        return cls(regions, rarity, Matters(table["things"]), Matters(table["troubles"]))

    def read(self, tellings: Sequence[Telling]) -> list[Incident]:
        """Read many tellings; their meanings are encoded together."""
        texts = [normalised(f"{one.place or ''} {one.text}"[:MAX_CHARACTERS]) for one in tellings]
        bare = [self._bare(text) for text in texts]
        parts = [_clauses(text) for text in bare]
        vectors = encode(
            [*(text[:_VECTOR_CHARACTERS] for text in bare), *(clause for some in parts for clause in some)]
        )
        telling = [self._rarity.telling_words(text) for text in bare]
        self._meanings.learn(word for words in telling for word in words)
        found, at = [], len(texts)
        for place, clauses in enumerate(parts):
            words, weights = (
                self._meanings.of(telling[place]),
                np.array(list(telling[place].values()), dtype=np.float32),
            )
            meaning = Meaning(vectors[place], vectors[at : at + len(clauses)], words, weights)
            found.append(self._one(tellings[place], texts[place], bare[place], meaning))
            at += len(clauses)
        return found

    def _one(self, telling: Telling, text: str, rest: str, meaning: Meaning) -> Incident:
        sound = sounds(text)
        heard, plain = frozenset(grams(sound)), frozenset(grams(sounds(rest)))
        characters = frozenset(char for char in rest if "一" <= char <= "鿿")
        rarity = self._rarity
        return Incident(
            text=text,
            sound=sound,
            placing=self._without_matters(text, sound),
            names=tuple(_names(text)),
            marks=place_marks(text),
            region=self.regions.find(text),
            dates=dates(text, telling.told),
            relative=relative_days(text),
            halves=halves(text),
            amounts=amounts(text),
            things=self._things.of(text),
            troubles=self._troubles.of(text),
            grams=heard,
            plain=plain,
            characters=characters,
            masses=Masses(rarity.mass(heard), rarity.mass(plain), rarity.characters(characters)),
            meaning=meaning,
        )

    def _without_matters(self, text: str, sound: str) -> str:
        """The sounds of a text with the words of its matter blanked: a long stretch of rare ones points at a place."""
        rest = list(sound)
        for words in (self._things.words(text), self._troubles.words(text)):
            for start, word in words:
                rest[start : start + len(word)] = " " * len(word)
        return "".join(rest)

    def _bare(self, text: str) -> str:
        """A text without its places, numbers and the phrases of the office: what is left tells of the matter."""
        rest = list(text)
        for match in _MENTION.finditer(text):
            if _before(text, match.start()):
                start = max(match.start() - _NAME_REACH, 0)
                rest[start : match.end()] = " " * (match.end() - start)
        for mention in self.regions.mentions(text):
            end = mention.start + len(mention.words)
            rest[mention.start : end] = " " * (end - mention.start)
        return _NOTHING.sub(" ", without_marks("".join(rest)))


class Matters:
    """One half of the table of matters: concepts and their words."""

    def __init__(self, table: Mapping[str, Sequence[str]]) -> None:
        self._of: dict[str, set[str]] = {}
        for concept, words in table.items():
            for word in words:
                self._of.setdefault(normalised(word), set()).add(concept)
        self._pattern = any_of(self._of)

    def of(self, text: str) -> frozenset[str]:
        """The concepts a normalised text names."""
        return frozenset(concept for _, word in self.words(text) for concept in self._of[word])

    def words(self, text: str) -> Iterator[tuple[int, str]]:
        """The words of matters in a normalised text and where they start; every place where one starts counts."""
        at = 0
        while match := self._pattern.search(text, at):
            yield match.start(), match.group()
            at = match.start() + 1


class Meanings:
    """The vectors of words, each read once; citizens use the same words again and again."""

    def __init__(self) -> None:
        self._vectors: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    def learn(self, words: Iterable[str]) -> None:
        """Read the words that are not known yet, together."""
        with self._lock:
            unknown = [word for word in dict.fromkeys(words) if word not in self._vectors]
            if len(self._vectors) + len(unknown) > _MOST_WORDS:
                self._vectors = {}
            self._vectors = self._vectors | dict(zip(unknown, encode(unknown), strict=True))

    def of(self, words: Iterable[str]) -> Vectors:
        """The vectors of some words, a row each."""
        known = self._vectors
        rows = [known[word] if word in known else encode([word])[0] for word in words]
        return np.array(rows, dtype=np.float32) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)


def _clauses(text: str) -> list[str]:
    clauses = [clause.strip() for clause in _PAUSE.split(text)]
    return [clause for clause in clauses if len(clause) >= _SHORTEST_CLAUSE][:_MOST_CLAUSES] or [
        text[:_VECTOR_CHARACTERS]
    ]


def _names(text: str) -> list[Name]:
    spots = [(match.start(), match.lastgroup or "", match.group()) for match in _MENTION.finditer(text)]
    spots += [(match.start(), "estate", "") for match in _HOUSED.finditer(text)]
    return [
        Name(kind, sounds(before), _shown(text, at) + end) for at, kind, end in spots if (before := _before(text, at))
    ]


def _shown(text: str, at: int) -> str:
    """As much before a place's ending as reads like its name (万家惠欣园), for people to read."""
    start = at - 2
    while start > max(at - _LONGEST_NAME, 0) and "一" <= text[start - 1] <= "鿿" and text[start - 1] not in _NEVER:
        start -= 1
    return text[start:at]


def place_keys(text: str, place: str | None) -> tuple[str, ...]:
    """What an incident may be found by among others: its named places, and the sounds of the place given beside it."""
    said = normalised(f"{place or ''} {text}"[:MAX_CHARACTERS])
    named = [name.sound for name in _names(said)]
    beside = grams(sounds(normalised((place or "")[:MAX_CHARACTERS])))
    return tuple(dict.fromkeys([*named, *beside]))[:_MOST_KEYS]


def _before(text: str, at: int) -> str:
    """The two characters before a place's ending where they can be part of a name, else nothing."""
    before = text[max(at - 2, 0) : at]
    if len(before) < 2 or not _NAMED.fullmatch(before) or before in _GENERIC:
        return ""
    return "" if before[0] in _NEVER or before[1] in _NOT_LAST else before
