"""Completes the OpenAPI document with the messages, which FastAPI doesn't know because msgspec reads them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import FastAPI

from hub.jobs import Region, RegionJob
from hub.matters import CaseDecision
from hub.problems import STATUS
from hub.region_calls import PlanRequest
from sync.protocol.messages import (
    NDJSON,
    PROBLEM,
    BatchReply,
    ChangesPage,
    CommandBatch,
    EnrolReply,
    EnrolRequest,
    Hello,
    HelloReply,
    Problem,
    RenewReply,
    Result,
)

_BODIES: dict[str, tuple[type[Any] | None, type[Any] | None]] = {
    "enrol": (EnrolRequest, EnrolReply),
    "hello": (Hello, HelloReply),
    "renew": (None, RenewReply),
    "commands": (CommandBatch, BatchReply),
    "changes": (None, ChangesPage),
    "decide_case": (CaseDecision, Result),
    "retry": (None, Result),
    "plan_region": (PlanRequest, RegionJob),
    "region_plan": (None, RegionJob),
    "cancel_region_plan": (None, RegionJob),
}
_ALWAYS = (
    "bad_signature",
    "unknown_device",
    "certificate_over",
    "revoked",
    "malformed_request",
    "too_many_requests",
    "busy",
)
_ALWAYS_BY_PEOPLE = ("password_wrong", "too_many_requests", "busy")
_BY_PEOPLE: dict[str, tuple[str, ...]] = {
    "waiting": ("unknown_store",),
    "retry": ("not_waiting", "not_resolved"),
    "discard": ("not_waiting", "not_resolved"),
    "refused": ("unknown_store",),
    "accept": ("not_waiting", "not_resolved"),
    "cases": ("unknown_store",),
    "regions": (),
    "region_plans": (),
    "plan_region": ("unknown_region", "job_running", "malformed_request", "request_too_large"),
    "region_plan": ("unknown_job",),
    "cancel_region_plan": ("unknown_job", "job_over"),
    "decide_case": ("not_waiting", "not_resolved", "malformed_request", "request_too_large"),
}
_LISTS: dict[str, type[Any]] = {"regions": Region, "region_plans": RegionJob}
_MORE: dict[str, tuple[str, ...]] = {
    "enrol": ("enrol_code_wrong", "enrol_code_over", "device_taken", "request_too_large"),
    "hello": ("counter_newer", "request_too_large"),
    "renew": ("renewal_over", "request_too_large"),
    "commands": ("sequence_hole", "sequence_reused", "request_too_large"),
    "changes": ("other_feed", "epoch_over", "compacted"),
    "snapshot": ("other_feed", "epoch_over", "compacted"),
}
_SIGNATURE = "deviceSignature"
_PASSWORD = "consolePassword"  # noqa: S105 -- the name of a scheme, not a secret
_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "Signature",
    "description": "HTTP Message Signature (RFC 9421) of an enrolled counter; see docs/protocol.md.",
}
_REFERENCE = "#/components/schemas/{name}"


def describe(app: FastAPI) -> None:
    """Let the application's document hold bodies, replies and problems of every call."""
    plain = app.openapi

    def full() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(plain())
        return app.openapi_schema

    app.openapi = full  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    messages = [of for pair in _BODIES.values() for of in pair if of is not None] + list(_LISTS.values())
    _, schemas = msgspec.json.schema_components([*messages, Problem], ref_template=_REFERENCE)
    document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    document["components"]["securitySchemes"] = {
        _SIGNATURE: _SCHEME,
        _PASSWORD: {"type": "http", "scheme": "basic"},
    }
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation)
    return document


def _complete(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    if name == "ready":
        operation["responses"] |= _problems(("busy",))
    if name in _BY_PEOPLE:
        operation["security"] = [{_PASSWORD: []}]
        operation["responses"] |= _told_to_people(name, operation["responses"])
        operation["responses"] |= _problems((*_ALWAYS_BY_PEOPLE, *_BY_PEOPLE[name]))
    asked, reply = _BODIES.get(name, (None, None))
    if asked is not None:
        operation["requestBody"] = {"required": True, "content": _content("application/json", asked.__name__)}
    if name not in _MORE:
        return
    operation["security"] = [{_SIGNATURE: []}]
    ok = _content("application/json", reply.__name__) if reply else {NDJSON: {"schema": {"type": "string"}}}
    operation["responses"] = {"200": {"description": "done", "content": ok}} | _problems(_ALWAYS + _MORE[name])
    if name == "changes":
        operation["responses"]["304"] = {"description": "nothing new"}


def _told_to_people(name: str, responses: dict[str, Any]) -> dict[str, Any]:
    """What a person gets who was answered, where it is described."""
    reply, items = _BODIES.get(name, (None, None))[1], _LISTS.get(name)
    if reply is not None:
        content = _content("application/json", reply.__name__)
    elif items is not None:
        schema = {"type": "array", "items": {"$ref": _REFERENCE.format(name=items.__name__)}}
        content = {"application/json": {"schema": schema}}
    else:
        return {}
    return {status: told | {"content": content} for status, told in responses.items() if status.startswith("2")}


def _content(media: str, name: str) -> dict[str, Any]:
    return {media: {"schema": {"$ref": _REFERENCE.format(name=name)}}}


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS[code], []).append(code)
    return {
        str(status): {"description": ", ".join(sorted(names)), "content": _content(PROBLEM, "Problem")}
        for status, names in sorted(by_status.items())
    }
