"""Sentences cut into clauses (小句), the unit in which words belong together."""

from __future__ import annotations

import re

# Chinese clauses end at punctuation or, in chat, at a blank; a decimal point or a time (12.5, 12:30) ends nothing.
_END = re.compile(r"[,，。!！?？;；、~…\n\r\t]+|(?<!\d)[.:：]|[.:：](?!\d)|(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])")
_LONGEST = 80


def clauses(text: str) -> list[str]:
    """The clauses of a text in order; speech without punctuation is cut every 80 characters."""
    pieces = (piece.strip() for piece in _END.split(text))
    return [piece[i : i + _LONGEST] for piece in pieces if piece for i in range(0, len(piece), _LONGEST)]
