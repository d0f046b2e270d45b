"""HTML letters as plain text: tags are read and dropped, nothing is fetched or run. What is not shown is not read."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MAX_HTML = 1_000_000
_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "hr"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source"})
_UNSEEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\n{3,}")
_QUOTE_MARK = "\n-----原始邮件-----\n"
_QUOTES = frozenset({"gmail_quote", "yahoo_quoted", "moz-cite-prefix", "appendonsend", "divrplyfwdmsg"})


class _Reader(HTMLParser):
    """Collects what a person would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens: a line ends, or something unseen begins."""
        given = {name: value or "" for name, value in attrs}
        if self._hidden:
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag in _HIDDEN or _UNSEEN.search(given.get("style", "")[:2000]):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        marks = {given.get("id", "").lower(), *given.get("class", "").lower().split()}
        if marks & _QUOTES:
            self.pieces.append(_QUOTE_MARK)
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag without content."""
        if not self._hidden and tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A tag closes; one that was never opened closes nothing."""
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
        elif tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._hidden:
            self.pieces.append(data.replace("\n", " "))


def plain(html: str) -> str:
    """The words of an HTML letter, a line a paragraph."""
    reader = _Reader()
    reader.feed(html[:MAX_HTML])
    reader.close()
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(reader.pieces).split("\n"))
    return _LINES.sub("\n\n", "\n".join(lines)).strip()
