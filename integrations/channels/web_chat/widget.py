"""The widget's two files (嵌入式小窗) under addresses that never change; any site may load them, few may use them."""

from __future__ import annotations

from aiohttp import web

from integrations.consoles.static import ASSETS, read_manifest

WIDGET = web.AppKey("widget_files", dict[str, str])
FILES = {"/widget.js": "widget.js", "/widget.css": "widget.css"}
_HEADERS = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}


def add(app: web.Application) -> None:
    """Add the two files."""
    app[WIDGET] = dict(read_manifest(app[ASSETS]))
    app.add_routes([web.get(path, widget_file) for path in FILES])


async def widget_file(request: web.Request) -> web.FileResponse:
    """`/widget.js` and `/widget.css`, as they were built last."""
    built = request.app[WIDGET][FILES[request.path]]
    return web.FileResponse(request.app[ASSETS] / built, headers=_HEADERS)
