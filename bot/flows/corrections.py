"""Corrections at the read-back (改登记内容): “地点是二号楼”, “电话改成……”, “不是昨天是前天”. Pure."""

from __future__ import annotations

import re

from bot.cues import Cues
from bot.flows.details import phone_in
from bot.state import AppealForm
from ticketing.intake import MAX_SHORT
from ticketing.models import Kind

_VALUE = r"(?:不对|错了|写错了|有误)?[,， ]*(?:应该)?(?:要)?(?:改成|改为|改到|换成|写成|是在|是|为|[:：])\s*(.{1,80})"
_PLACE = re.compile(rf"(?:地点|地址|地方|位置){_VALUE}")
_WHEN = re.compile(rf"(?:时间|日期){_VALUE}")
_CONTENT = re.compile(rf"(?:内容|事情){_VALUE}")
_KIND = re.compile(rf"(?:类型|类别){_VALUE}")
_SWAP = re.compile(r"不是(.{1,30}?)[,， ]*(?:而)?是(.{1,40})")


def apply(cues: Cues, form: AppealForm, text: str) -> AppealForm | None:
    """The form with what the sentence corrects; None when it corrects nothing that can be told."""
    changes = _named(text) | _contact(cues, form, text)
    if not changes:
        changes = _swapped(form, text)
    return form.model_copy(update=changes) if changes else None


def _named(text: str) -> dict[str, object]:
    """Fields called by their name."""
    fields = {"place": _PLACE, "happened": _WHEN, "content": _CONTENT}
    found = {name: match.group(1).strip()[:MAX_SHORT] for name, p in fields.items() if (match := p.search(text))}
    kind = _KIND.search(text)
    named = next((kind_.value for kind_ in Kind if kind and kind_.value in kind.group(1)), None)
    return {**found, **({"kind": named} if named else {})}


def _contact(cues: Cues, form: AppealForm, text: str) -> dict[str, object]:
    phone = phone_in(text)
    if phone and phone != form.phone:
        return {"phone": phone, "anonymous": False}
    if form.phone and cues.says("go_anonymous", text):
        return {"phone": None, "anonymous": True}
    return {}


def _swapped(form: AppealForm, text: str) -> dict[str, object]:
    """“不是 A 是 B”: B takes A's place in whichever field says A."""
    match = _SWAP.search(text)
    if not match:
        return {}
    wrong, right = match.group(1).strip(), match.group(2).strip(" 。.!！")
    for name in ("place", "happened", "content"):
        value = getattr(form, name) or ""
        if wrong in value:
            return {name: value.replace(wrong, right)}
    return {}
