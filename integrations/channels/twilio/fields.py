"""Twilio's fields as the script reads them (字段映射): its words for how things ended do not leave this folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from integrations.channels.phone.line import MOST_HEARD, Heard
from ticketing.errors import Invalid

_SID = re.compile(r"CA[0-9A-Za-z]{2,62}")
_NUMBER = re.compile(r"\+?[0-9]{3,20}|(?:sips?|client):[\x21-\x7e]{1,200}")
_ANONYMOUS = "anonymous"
_HIDDEN = frozenset({"+266696687", "+86266696687", "+7378742833", "+2562533", "+8656696", "+464"})
_ANSWERED = frozenset({"completed", "answered", "bridged"})
_RESULTS = MappingProxyType({"leave": "left", "hangup": "hangup", "queue-full": "full"})
_MACHINES = ("machine", "fax")


def sid_of(fields: Mapping[str, str]) -> str:
    """The call's id."""
    sid = fields.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise Invalid("message_unreadable")
    return sid


def caller_of(fields: Mapping[str, str]) -> str:
    """The caller's number; a hidden one (the digits Twilio spells “anonymous” with) is `anonymous`."""
    number = fields.get("From", "").strip()
    return number if _NUMBER.fullmatch(number) and number not in _HIDDEN else _ANONYMOUS


def heard(fields: Mapping[str, str]) -> Heard:
    """What one request says."""
    return Heard(
        keys=fields.get("Digits", "")[:32] if fields.get("Digits") != "hangup" else "",
        words=fields.get("SpeechResult", "")[:MOST_HEARD],
        confidence=_share(fields.get("Confidence", "")),
        result=_result(fields),
        recording=fields.get("RecordingUrl", "")[:500],
        seconds=_seconds(fields.get("RecordingDuration", "")),
        machine=fields.get("AnsweredBy", "").startswith(_MACHINES),
    )


def _result(fields: Mapping[str, str]) -> str:
    said = fields.get("DialCallStatus") or fields.get("QueueResult") or ""
    return "answered" if said in _ANSWERED else _RESULTS.get(said, "missed" if said else "")


def _share(text: str) -> float | None:
    """A confidence between 0 and 1; some recognisers say 0 for “not measured”."""
    try:
        value = float(text[:20])
    except ValueError:
        return None
    return value if 0 < value <= 1 else None


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
