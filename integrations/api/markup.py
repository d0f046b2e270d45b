"""Open311's two forms: the same records as XML or as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from aiohttp import web

Record = Mapping[str, "str | Sequence[str] | Sequence[Record]"]
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(
    request: web.Request, root: str, content: Record | Sequence[Record], each: str = "", *, status: int = 200
) -> web.Response:
    """The content as this request's path asks for it; `each` names one record of a list."""
    if request.match_info["format"] == "json":
        return web.json_response(content, status=status)
    element = ElementTree.Element(root)
    _fill(element, content, each)
    body = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="text/xml", charset="utf-8")


def failed(request: web.Request, status: int, description: str) -> web.Response:
    """The standard's own form of a failure."""
    return answer(request, "errors", [{"code": str(status), "description": description}], "error", status=status)


def _fill(element: ElementTree.Element, content: object, each: str) -> None:
    """A record's fields become elements of their names; the items of a list become elements named `each`."""
    if isinstance(content, str):
        element.text = _NOT_XML.sub("", content)
    elif isinstance(content, Mapping):
        for name, value in content.items():
            _fill(ElementTree.SubElement(element, name), value, name.removesuffix("s"))
    elif isinstance(content, Sequence):
        for item in content:
            _fill(ElementTree.SubElement(element, each), item, "")
