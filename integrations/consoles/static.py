"""The built front end: hashed names, so a browser may keep a file for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

ASSETS = web.AppKey("assets", Path)
_FOREVER = "public, max-age=31536000, immutable"


def read_manifest(assets: Path) -> Mapping[str, str]:
    """Source name → built name, as `build.mjs` wrote it."""
    manifest: dict[str, str] = json.loads((assets / "manifest.json").read_text(encoding="utf-8"))
    return manifest


async def static_file(request: web.Request) -> web.StreamResponse:
    """One built file; the route's pattern admits no path."""
    path = request.app[ASSETS] / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": _FOREVER})
