"""Damaged words (损坏): lost digits and years, cut sentences and addresses, garbled or mixed characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from opencc import OpenCC

from bot.guides.checking.finding import Finding, Read
from bot.guides.guide import NATIONAL

_AROUND = 14
_LONG_ENOUGH = 12
_CUT_ENDS = ("：", ":", "，", ",", "、", "（", "(", "《", "“", "及其", "以及", "或者", "并且", "和", "与", "或")
_PAIRS = (("《", "》"), ("（", "）"), ("“", "”"), ("〔", "〕"), ("【", "】"), ("「", "」"))
# Simplified texts use these on purpose (著作权, 乾, 瞭望, 慰藉, 宮商角徵羽, 於氏 …).
_BOTH = frozenset("著乾瞭藉徵於餘鍾余髮麽麼沈祇幺羨菸薑閒甯沖昇")
_GARBLED = re.compile(
    "\ufffd|[\ue000-\uf8ff]|锟斤拷|烫烫|屯屯|[ÃÂâ][\x80-\xbf]|[äåæçèé][\x80-\xbf¡-¿]{2}|[锛銆鐨]|[\u4e00-\u9fff]\\?{2,}"
)
# “80.的旗县”: the digits after the point are gone. A numbered list (“：1.申请”) has punctuation before its number.
_BROKEN_NUMBER = re.compile(
    r"(?:[\u4e00-\u9fff]\d+\.(?=[的％%，。；、])|\d+\.[％%]|\d\.\.\d|[第约达共于至到]\.\d|(?<![\d.\w])\.\d+[％%倍元万亿])"
)
_LOST_YEAR = re.compile(
    r"(?:(?<=[于自至从到在（(])|^)年\s?\d{0,2}月|[\u4e00-\u9fff、，。]\d{2,3} ?年\d{1,2}月\d{1,2}日|年月日"
)
_UNLIKELY_YEAR = re.compile(r"(?<!\d)(?:1[0-8]\d\d|2[1-9]\d\d|20[6-9]\d)年")
_LOST_ARTICLE = re.compile(
    r"第\s*[条款](?![件约目例])|〔\s*〕|\[\s*\]|［\s*］|《\s*》|（\s*）(?!内)|\(\s*\)|〔\d{4}〕\s*号"
)
_MARKUP = re.compile(
    r"</?(?:br|p|div|span|a|table|td|tr|b|strong|font)\b[^>]{0,80}>|&(?:nbsp|lt|gt|amp|quot|#\d{2,5});"
)
_DOUBLED = re.compile(r"([，、；：])\1|。。(?!。)|(?<!目)([的了在])\2(?![士话确卢])|[，、；][。；]")
_PLACEHOLDER = re.compile(r"(?<![A-Za-z])(?:X{3,}|x{3,})(?![A-Za-z])|×{3,}|待补充|待完善|待定|T[O]DO|(?<!\d)0{4}-0{5,}")
_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]+")
_URL = re.compile(r"https?://[^\s，。；、）)》”]*", re.ASCII)


def check(read: Read) -> Iterator[Finding]:
    """Everything damaged in one guide."""
    for element, text in read.texts:
        for code, find in _FINDERS:
            for words in find(text):
                yield read.finding(code, element, words)
    for element, address in _addresses(read):
        if problem := url_problem(address):
            yield read.finding(problem, element, address)
    url = read.guide.source_url
    if url and _host_only(url, bare=read.guide.region == NATIONAL):
        yield read.finding("url_cut", None, url)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[str]]:
    def find(text: str) -> Iterator[str]:
        if found := pattern.search(text):
            yield text[max(found.start() - _AROUND, 0) : found.end() + _AROUND]

    return find


def _cut(text: str) -> Iterator[str]:
    """A sentence that stops in the middle, or a bracket that never closes."""
    bare = text.rstrip()
    if len(bare) >= _LONG_ENOUGH and bare.endswith(_CUT_ENDS):
        yield bare[-2 * _AROUND :]
        return
    for left, right in _PAIRS:
        if bare.count(left) != bare.count(right):
            at = bare.rfind(left) if bare.count(left) > bare.count(right) else bare.rfind(right)
            yield bare[max(at - _AROUND, 0) : at + _AROUND]
            return


def _traditional(text: str) -> Iterator[str]:
    found = "".join(dict.fromkeys(char for char in text if char not in _BOTH and _is_traditional(char)))
    if found:
        at = text.index(found[0])
        yield f"{found} … {text[max(at - _AROUND, 0) : at + _AROUND]}"


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=50_000)
def _is_traditional(char: str) -> bool:
    # A rare character whose Simplified form few fonts have (白鱀豚) is written as it is on purpose.
    return "\u3400" <= char <= "\u9fff" and char != (plain := _converter().convert(char)) and plain <= "\u9fff"


def _addresses(read: Read) -> Iterator[tuple[str | None, str]]:
    guide = read.guide
    if guide.source_url:
        yield None, guide.source_url
    if guide.cells.online and guide.cells.online.url:
        yield "online", guide.cells.online.url
    for element, text in read.texts:
        yield from ((element, url) for url in _URL.findall(text))


def url_problem(url: str) -> str | None:
    """What is wrong with an address: `url_broken`, `url_cut` (it stops in the middle), or None."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        return "url_broken"
    if parts.scheme not in {"http", "https"} or "." not in host or " " in url.strip() or not host.isascii():
        return "url_broken"
    return "url_cut" if url.endswith(("…", "...", "&", "%")) else None


def _host_only(url: str, *, bare: bool) -> bool:
    """Whether an item's address has lost what comes after its host; the nation's platforms have one home (`bare`)."""
    parts = urlsplit(url.strip())
    path = parts.path if bare else parts.path.strip("/")
    return not path and not parts.query and not parts.fragment


_FINDERS: tuple[tuple[str, Callable[[str], Iterator[str]]], ...] = (
    ("mojibake", _matches(_GARBLED)),
    ("broken_number", _matches(_BROKEN_NUMBER)),
    ("lost_year", _matches(_LOST_YEAR)),
    ("unlikely_year", _matches(_UNLIKELY_YEAR)),
    ("lost_article", _matches(_LOST_ARTICLE)),
    ("markup", _matches(_MARKUP)),
    ("doubled", _matches(_DOUBLED)),
    ("placeholder", _matches(_PLACEHOLDER)),
    ("full_width", _matches(_FULL_WIDTH)),
    ("text_cut", _cut),
    ("traditional", _traditional),
)
