"""The hub's own description holds: whatever is sent, the answer is one that it names, and never a failure of ours."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.auth import AuthBase, HTTPBasicAuth
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance
from starlette.routing import Route

from hub import users
from hub.api import create_app
from hub.core import Hub
from hub.devices import new_code
from hub.limits import RateLimit
from hub.users import add_user
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.codec import encode
from storeapp.domain.feeds import feeds_of
from sync.protocol.messages import PROBLEM, EnrolRequest
from sync.protocol.signing import Message, sign
from sync.transport import HubClient, Signer
from tests.storeapp.store.homes import COMMANDS as REAL
from tests.support.hubserver import HubServer, serving

PASSWORD = "correct horse battery"
FIXED = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
EXAMPLES = 20
EXAMPLES_AT_NIGHT = 300
NOT_ASKED = [
    # A code that enrols, the next number of a command: whether they are right can't be told from their form.
    positive_data_acceptance,
    # They take the signatures for made up or missing; who has none is tested below.
    ignored_auth,
    negative_data_rejection,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
COMMANDS = "POST /v1/commands"
NEVER_DONE = {
    "POST /v1/devices/enrol",
    "POST /v1/waiting/{command}/retry",
    "POST /v1/waiting/{command}/discard",
    "POST /v1/refused/{command}/accept",
    "POST /v1/cases/decide",
    "POST /v1/region-plans",
    "GET /v1/region-plans/{plan}",
    "POST /v1/region-plans/{plan}/cancel",
}
"""No generated code enrols anybody, no generated id waits or is planned, and no store is of a generated region."""

OPEN_ROUTES = {"/v1/devices/enrol", "/healthz", "/readyz", "/openapi.json", "/{digits}"}
"""What may be asked by anybody: to join with a code, whether all is well, and the page behind a slip's link."""


@dataclass
class Device(AuthBase):
    """Signs whatever is sent as an enrolled counter would."""

    hub: Hub
    id: str
    key: DeviceKey

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        message = Message(str(request.method), str(request.url))
        body = request.body
        content = body.encode() if isinstance(body, str) else body
        sign(message, content, key_id=self.id, signer=self.key.sign, created=self.hub.now())  # type: ignore[arg-type]
        request.headers.update(message.headers)
        return request


@dataclass
class Api:
    """A served hub, its description, and one counter of it."""

    server: HubServer
    device: Device
    schema: Any


@pytest.fixture
def api(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setitem(users.COST, "n", 2)  # Passwords are slow on purpose.
    hub.requests = hub.enrolments = hub.passwords = RateLimit(per_second=1e6, at_once=1e6, monotonic=time.monotonic)
    add_user(hub, "person", PASSWORD)
    device = Device(hub, "dev-1", DeviceKey.generate())
    with serving(hub) as server:
        enrol(server, device)
        yield Api(server, device, schemathesis.openapi.from_url(f"{server.url}/openapi.json"))


def enrol(server: HubServer, device: Device) -> None:
    client = HubClient(server.url, Signer(device.id, device.key, device.hub.now))
    code = new_code(device.hub, store="XH")
    client.enrol(EnrolRequest(code, device.id, device.key.public, TransportKey.generate().public))
    client.close()


@schemathesis.check
def tells_errors_as_problems(ctx: CheckContext, response: Response, case: Case) -> None:
    """RFC 9457, with a code that stays."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"][0].startswith(PROBLEM), response.headers
    told = response.json()
    assert told["status"] == response.status_code
    assert told["type"] == f"urn:storeapp:problem:{told['code']}"
    assert told["title"]


def sensible(draw: Callable[..., Any], case: Case, api: Api) -> None:
    """Put what the hub knows in some places, so that not everything ends at the first hurdle."""
    epoch = api.device.hub.identity.epoch
    known = {
        "device": api.device.id,
        "feed": draw(st.sampled_from(feeds_of("XH"))),
        "epoch": epoch,
        "after": 0,
        "limit": 9,
    }
    for place in (case.path_parameters, case.query):
        for name in sorted(known.keys() & place.keys()):
            if draw(st.integers(0, 3)):
                place[name] = known[name]
    if case.query.get("wait"):
        case.query["wait"] = 0.001
    if isinstance(case.body, dict):
        if isinstance(case.body.get("commands"), list):
            number(draw, case.body["commands"])
        case.body = hostile(draw, case.body)
        if case.operation.label == COMMANDS and not draw(st.integers(0, 3)):
            # Some are answered whatever else was drawn.
            case.body = {"incarnation": "i1", "commands": [], "keys": []}


def number(draw: Callable[..., Any], commands: list[Any]) -> None:
    """Make most of them such as a counter sends; some even make sense."""
    for seq, command in enumerate(commands, start=1):
        if isinstance(command, dict) and draw(st.integers(0, 3)):
            command |= {"seq": seq, "store": "XH", "role": "manager", "needs": []}
            real = draw(REAL)
            if draw(st.booleans()):
                command |= {"kind": real.KIND, "body": json.loads(encode(real))}


def hostile(draw: Callable[..., Any], value: Any) -> Any:
    """Now and then what databases choke on, in the place of something of the same type."""
    match value:
        case dict():
            return {name: hostile(draw, inner) for name, inner in value.items()}
        case list():
            return [hostile(draw, inner) for inner in value]
        case bool() | None:
            return value
        case str() if draw(st.integers(0, 15)) == 0:
            return draw(
                st.sampled_from(["", "\0", "a\0b", "x" * 70_000, "\U0001f9d1" * 300, "0", "2026-02-30T00:00:00Z"])
            )
        case int() if draw(st.integers(0, 15)) == 0:
            return draw(st.sampled_from([0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**40]))
    return value


def cases(api: Api, operation: Any) -> st.SearchStrategy[Case]:
    # Made once: what is made while drawing may differ from one time to the next.
    requests_of = st.one_of([operation.as_strategy(generation_mode=mode) for mode in MODES])

    @st.composite
    def made(draw: Callable[..., Any]) -> Case:
        case = draw(requests_of)
        sensible(draw, case, api)
        return case

    return made()


def ask(api: Api, *, examples: int, signed: bool) -> dict[str, set[int]]:
    """Ask everything, each answer checked against the description; returns which statuses each call gave."""
    seen: dict[str, set[int]] = defaultdict(set)
    for found in api.schema.get_all_operations():
        operation = found.ok()
        ask_one(api, operation, who_asks(api, operation) if signed else None, seen, examples)
    return seen


def ask_one(api: Api, operation: Any, auth: AuthBase | None, seen: dict[str, set[int]], examples: int) -> None:
    @settings(max_examples=examples, parent=FIXED)
    @given(cases(api, operation))
    def every(case: Case) -> None:
        response = case.call(auth=auth)
        seen[case.operation.label].add(response.status_code)
        case.validate_response(response, excluded_checks=NOT_ASKED)

    every()


def who_asks(api: Api, operation: Any) -> AuthBase | None:
    """By what the description says it wants."""
    wanted = {name for one in operation.definition.raw.get("security", []) for name in one}
    return HTTPBasicAuth("person", PASSWORD) if "consolePassword" in wanted else api.device


def test_every_answer_to_a_counter_is_described(api: Api) -> None:
    seen = ask(api, examples=EXAMPLES, signed=True)
    # The questions were such that each call was really answered to somebody.
    assert {label for label, statuses in seen.items() if not statuses & {200, 204, 304}} == NEVER_DONE


@pytest.mark.nightly
def test_thousands_of_answers_to_a_counter_are_described(api: Api) -> None:
    ask(api, examples=EXAMPLES_AT_NIGHT, signed=True)


def test_nobody_without_a_signature_is_answered(api: Api) -> None:
    seen = ask(api, examples=5, signed=False)
    open_to_all = {label for label, statuses in seen.items() if statuses - {400, 401, 403}}
    assert open_to_all == {"GET /healthz", "GET /readyz"}


def test_no_route_but_the_public_ones_answers_without_a_signature(api: Api) -> None:
    routes = [route for route in create_app(api.device.hub).routes if isinstance(route, Route)]
    answered = {route.path for route in routes for method in route.methods or () if is_answered(api, route, method)}
    assert answered == OPEN_ROUTES


def is_answered(api: Api, route: Route, method: str) -> bool:
    """Whether somebody without any credential is told more than to bring one."""
    values = dict.fromkeys(route.param_convertors, "x")
    url = api.server.url + str(route.url_path_for(route.name, **values))
    body = b"{}" if method == "POST" else None
    return requests.request(method, url, params={"epoch": "x", "after": 0}, data=body, timeout=60).status_code != 401
