"""A thin typed layer on aiohttp: pydantic in, pydantic out, and the OpenAPI 3.1 description of exactly that.

An operation is a function with typed parameters `path`, `query` and `body`; what its annotations say is both what is
checked and what is described. Every failure is a problem (RFC 9457).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ticketing.api_tokens import Scope

Operate = Callable[..., Awaitable[Any]]
Guard = Callable[[web.Request, Scope], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SLOTS = ("path", "header", "query", "body")
_REF = "#/components/schemas/"
_ALWAYS = (401, 403, 429)
_MOST_ERRORS = 20
_AROUND = 64 * 1024  # what a body has around its largest field


class FieldProblem(BaseModel):
    """One field that does not fit, and why."""

    model_config = ConfigDict(extra="forbid")

    where: str
    field: str
    message: str


class Problem(BaseModel):
    """A failure (RFC 9457): `code` names it for programs, `detail` says it in Chinese."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldProblem] = Field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """One operation: what it is called with, what it gives, and who may; `room` for a body larger than usual."""

    method: str
    path: str
    operate: Operate
    scope: Scope
    status: int
    errors: tuple[int, ...]
    models: Mapping[str, type[BaseModel]]
    returns: TypeAdapter[Any]
    room: int = 0


class Unfit(Exception):
    """A request that does not fit its description."""

    def __init__(self, status: int, code: str, errors: list[FieldProblem]) -> None:
        super().__init__(code)
        self.status, self.code, self.errors = status, code, errors


class Api:
    """The operations of one API and their description."""

    def __init__(self, title: str, version: str, base: str) -> None:
        self._info = {"title": title, "version": version}
        self._base = base
        self._operations: list[Operation] = []

    def operation(
        self,
        method: str,
        path: str,
        scope: Scope,
        *,
        status: int = 200,
        errors: tuple[int, ...] = (),
        room: int = 0,
    ) -> Callable[[Operate], Operate]:
        """Declare an operation; its annotations say the rest."""

        def declare(operate: Operate) -> Operate:
            hints = get_type_hints(operate)
            models = {slot: hints[slot] for slot in _SLOTS if slot in hints}
            returns: TypeAdapter[Any] = TypeAdapter(hints["return"])
            self._operations.append(Operation(method, path, operate, scope, status, errors, models, returns, room))
            return operate

        return declare

    def routes(self, guard: Guard, answering: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """The routes of all operations, each behind its guard, and of the description itself."""
        described = self.describe()

        async def description(_request: web.Request) -> web.Response:
            return web.json_response(described)

        routes = [
            web.route(one.method, self._base + one.path, answering(_endpoint(one, guard))) for one in self._operations
        ]
        return [*routes, web.get(f"{self._base}/openapi.json", description)]

    def describe(self) -> dict[str, Any]:
        """The OpenAPI 3.1 description."""
        inputs: list[Any] = [("problem", "serialization", TypeAdapter(Problem))]
        for number, one in enumerate(self._operations):
            inputs += [((number, slot), "validation", TypeAdapter(model)) for slot, model in one.models.items()]
            inputs.append(((number, "returns"), "serialization", one.returns))
        found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF + "{model}")
        schemas = definitions.get("$defs", {})
        by_key = {key: schema for (key, _mode), schema in found.items()}
        paths: dict[str, Any] = {}
        for number, one in enumerate(self._operations):
            own = {slot: by_key[number, slot] for slot in (*one.models, "returns")}
            paths.setdefault(one.path, {})[one.method.lower()] = _described(one, own, schemas, by_key["problem"])
        security = {"token": {"type": "http", "scheme": "bearer"}}
        return {
            "openapi": "3.1.0",
            "info": self._info,
            "servers": [{"url": self._base}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {"schemas": schemas, "securitySchemes": security},
        }


def _endpoint(one: Operation, guard: Guard) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await guard(request, one.scope)
        whole = request.clone(client_max_size=one.room + _AROUND) if one.room else request
        given = {slot: await _read(whole, slot, model) for slot, model in one.models.items()}
        result = await one.operate(request, **given)
        return web.Response(body=one.returns.dump_json(result), status=one.status, content_type="application/json")

    return handle


async def _read(request: web.Request, slot: str, model: type[BaseModel]) -> BaseModel:
    try:
        if slot == "body":
            if request.content_type != "application/json":
                raise Unfit(415, "body_not_json", [])
            return model.model_validate_json(await request.read(), strict=True)
        return model.model_validate(_plain(request, slot, model))
    except ValidationError as error:
        status = 404 if slot == "path" else 422
        raise Unfit(status, "not_found" if slot == "path" else "invalid", _problems(slot, error)) from error


def _plain(request: web.Request, slot: str, model: type[BaseModel]) -> Mapping[str, Any]:
    if slot == "path":
        return dict(request.match_info)
    if slot == "header":
        names = [field.alias or name for name, field in model.model_fields.items()]
        return {name: request.headers[name] for name in names if name in request.headers}
    query = request.query
    return {name: values[0] if len(values := query.getall(name)) == 1 else values for name in query}


def _problems(slot: str, error: ValidationError) -> list[FieldProblem]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        FieldProblem(where=slot, field=".".join(map(str, one["loc"]))[:100], message=one["msg"][:200])
        for one in found[:_MOST_ERRORS]
    ]


def _described(
    one: Operation, own: Mapping[str, Any], schemas: Mapping[str, Any], problem: Mapping[str, Any]
) -> dict[str, Any]:
    """One operation of the description."""
    summary, _, more = (inspect.getdoc(one.operate) or "").partition("\n")
    failures = set(one.errors) | set(_ALWAYS)
    failures |= {404} if "path" in one.models else set()
    failures |= {422} if set(one.models) - {"path"} else set()
    described: dict[str, Any] = {
        "operationId": one.operate.__name__,
        "summary": summary,
        "description": f"{more.strip()}\n\nscope: `{one.scope}`".strip(),
        "parameters": [
            p for slot in ("path", "header", "query") if slot in own for p in _parameters(slot, own, schemas)
        ],
    }
    if "body" in own:
        failures |= {413, 415}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": own["body"]}}}
    told = {"content": {"application/problem+json": {"schema": problem}}}
    good = {"description": HTTPStatus(one.status).phrase, "content": {"application/json": {"schema": own["returns"]}}}
    bad = {str(code): {"description": HTTPStatus(code).phrase, **told} for code in sorted(failures)}
    return described | {"responses": {str(one.status): good, **bad}}


def _parameters(slot: str, own: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = own[slot]
    if "$ref" in schema:
        schema = schemas[re.sub(f"^{_REF}", "", schema["$ref"])]
    required = schema.get("required", [])
    return [
        {"in": slot, "name": name, "required": slot == "path" or name in required, "schema": _without_null(part)}
        for name, part in schema["properties"].items()
    ]


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter is given or not; it is never null."""
    real = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    if len(real) != 1:
        return schema
    return {name: value for name, value in schema.items() if name not in {"anyOf", "default"}} | real[0]
