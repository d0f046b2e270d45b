"""A letter without what is not its own words (去引用去签名): quoted replies, signatures, the phone's advertisement."""

from __future__ import annotations

import re

_FORWARDED = re.compile(r"\s*(?:转发|fwd?|fw)\s*[:：]", re.IGNORECASE)
_QUOTE_STARTS = (
    re.compile(r"[-—_=\s]{0,40}(?:原始邮件|原邮件|original message|回复的原邮件)[-—_=\s]{0,40}", re.IGNORECASE),
    re.compile(r"(?:在|于|at|on)\s?.{4,120}(?:写道|写到|wrote)\s{0,3}[:：]", re.IGNORECASE),
    re.compile(r".{1,80}(?:写道|写到)\s{0,3}[:：]"),
    re.compile(r"_{20,}"),
)
_HEAD = re.compile(r"\*{0,2}(?:发件人|from)\s{0,3}\*{0,2}[:：]", re.IGNORECASE)
_HEAD_GOES_ON = re.compile(
    r"\*{0,2}(?:发送时间|发送日期|日期|时间|收件人|主题|sent|date|to|subject)\s{0,3}\*{0,2}[:：]", re.IGNORECASE
)
_SIGNED = re.compile(
    r"-- ?|发自我的.{1,30}|发送自.{1,30}|来自.{1,20}(?:邮箱|手机版|客户端)|从.{1,20}获取 outlook.{0,20}"
    r"|sent from my .{1,30}|get outlook for .{1,20}",
    re.IGNORECASE,
)
_LONGEST = 200


def own_words(text: str, subject: str) -> str:
    """What the writer wrote this time; a forwarded letter is told in whole, and so is one with nothing else in it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if _FORWARDED.match(subject):
        return _tidy(lines)
    end = next((i for i, _ in enumerate(lines) if _quote_begins(lines, i)), len(lines))
    own = [line for line in lines[:end] if not line.lstrip().startswith(">")]
    signed = next((i for i, line in enumerate(own) if i > 0 and _fits(_SIGNED, line)), len(own))
    return _tidy(own[:signed]) or _tidy(lines)


def _quote_begins(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if any(_fits(start, line) for start in _QUOTE_STARTS):
        return True
    following = [one.strip() for one in lines[at + 1 : at + 4]]
    return bool(_HEAD.match(line[:_LONGEST])) and any(_HEAD_GOES_ON.match(one[:_LONGEST]) for one in following)


def _fits(pattern: re.Pattern[str], line: str) -> bool:
    line = line if line == "-- " else line.strip()
    return 0 < len(line) <= _LONGEST and pattern.fullmatch(line) is not None


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
