"""The API described for people (接口说明): a page drawn from the very description programs read, without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from integrations.api.surface import API, BASE
from integrations.bootstrap import HOUSE
from integrations.consoles.pages import render
from ticketing.api_tokens import Scope
from ticketing.webhooks import Topic

_REF = "#/components/schemas/"
_SCOPE = re.compile(r"scope: `([a-z:]{1,30})`")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Field:
    """One field of what is sent or given: its name, its type in words, whether it must be there."""

    name: str
    type: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation on the page."""

    id: str
    method: str
    path: str
    summary: str
    more: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    example: str
    statuses: tuple[str, ...]


def routes() -> list[web.RouteDef]:
    """The page."""
    described = API.describe()
    schemas = described["components"]["schemas"]
    entries = tuple(_entries(described, schemas))
    shown = {name: tuple(_fields(schema, schemas)) for name, schema in sorted(schemas.items())}

    async def page(request: web.Request) -> web.Response:
        """`GET /api/v1/docs`."""
        groups = {scope: [one for one in entries if one.scope == scope] for scope in Scope}
        values = {"groups": groups, "schemas": shown, "base": request.app[HOUSE].settings.url + BASE}
        return render(request, "api_docs.html", topics=list(Topic), **values)

    return [web.get(f"{BASE}/docs", page)]


def _entries(described: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Entry]:
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            yield _entry(method, path, one, schemas)


def _entry(method: str, path: str, one: Mapping[str, Any], schemas: Mapping[str, Any]) -> Entry:
    good = next(answer for status, answer in one["responses"].items() if status.startswith("2"))
    sent = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    given = good["content"]["application/json"]["schema"]
    scope = _SCOPE.search(one["description"])
    return Entry(
        id=one["operationId"],
        method=method.upper(),
        path=path,
        summary=one["summary"],
        more=_SCOPE.sub("", one["description"]).strip(),
        scope=scope[1] if scope else "",
        parameters=tuple(Field(p["name"], _type(p["schema"]), p["required"], p["in"]) for p in one["parameters"]),
        body=tuple(_fields(sent, schemas)),
        answer=tuple(_fields(given, schemas)),
        example=json.dumps(_example(sent, schemas), ensure_ascii=False, indent=2) if sent else "",
        statuses=tuple(one["responses"]),
    )


def _whole(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema itself instead of its name."""
    return schemas[schema["$ref"].removeprefix(_REF)] if "$ref" in schema else schema


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Field]:
    whole = _whole(schema, schemas)
    required = whole.get("required", ())
    for name, part in whole.get("properties", {}).items():
        yield Field(name, _type(part), name in required, str(part.get("description", "")))


def _type(schema: Mapping[str, Any]) -> str:
    """A type in a few words: `string(uuid)`, `[TicketLine]`, `a | b`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(one, ensure_ascii=False) for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    bounds = [str(schema[name]) for name in ("format", "pattern") if name in schema]
    if "maxLength" in schema:
        bounds.append(f"≤ {schema['maxLength']}")
    return f"{schema.get('type', 'any')}{f'({bounds[0]})' if bounds else ''}"


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """What must be sent at least, with the kind of value in its place."""
    whole = _whole(schema, schemas)
    if depth >= _DEEPEST:
        return None
    if "properties" in whole:
        required = whole.get("required", ())
        return {n: _example(part, schemas, depth + 1) for n, part in whole["properties"].items() if n in required}
    if "enum" in whole:
        return whole["enum"][0]
    if whole.get("type") == "array":
        return [_example(whole.get("items", {}), schemas, depth + 1)]
    return {"boolean": False, "integer": 1, "number": 1}.get(str(whole.get("type")), "…")
