from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from hub import devices, revocations
from hub.core import Hub, open_hub
from hub.problems import HubProblem
from storeapp.adapters.signing import DeviceKey, verify
from storeapp.domain.certificate import check_chain, parse
from sync.protocol.messages import AuditAnchor, EnrolReply, EnrolRequest, Hello
from tests.support.hubs import FakeCounter, TurnedClock, stock

KEY, TRANSPORT = DeviceKey(b"d" * 32), b"t" * 32


def enrol(hub: Hub, code: str, *, device: str = "dev-1", key: DeviceKey = KEY) -> EnrolReply:
    return devices.enrol(hub, EnrolRequest(code, device, key.public, TRANSPORT, brands=("old",)))


def clock_of(hub: Hub) -> TurnedClock:
    assert isinstance(hub.now, TurnedClock)
    return hub.now


def test_a_code_gives_a_certificate_that_the_brand_has_signed(hub: Hub) -> None:
    reply = enrol(hub, devices.new_code(hub, store="XH"))
    mine, root = parse(reply.certificate), parse(reply.root_certificate)
    assert check_chain([mine, root], root_public_key=root.public_key, verify=verify, at=hub.now()) is None
    assert (mine.store, mine.public_key, reply.feeds) == ("XH", KEY.public, ("brand", "store:XH"))


def test_a_code_may_be_typed_carelessly(hub: Hub) -> None:
    code = devices.new_code(hub, store="XH").lower().replace("-", " ")
    assert enrol(hub, code).store == "XH"


def test_a_code_serves_one_counter(hub: Hub) -> None:
    code = devices.new_code(hub, store="XH")
    enrol(hub, code)
    assert enrol(hub, code).device == "dev-1"
    with pytest.raises(HubProblem, match="enrol_code_over"):
        enrol(hub, code, device="dev-2", key=DeviceKey(b"e" * 32))


def test_a_code_is_over_after_ten_minutes(hub: Hub) -> None:
    code = devices.new_code(hub, store="XH")
    clock_of(hub).moment += timedelta(minutes=10)
    with pytest.raises(HubProblem, match="enrol_code_over"):
        enrol(hub, code)


def test_a_code_is_over_after_five_wrong_tries(hub: Hub) -> None:
    code = devices.new_code(hub, store="XH")
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for _ in range(5):
        with pytest.raises(HubProblem, match="enrol_code_wrong"):
            enrol(hub, wrong)
    with pytest.raises(HubProblem, match="enrol_code_over"):
        enrol(hub, code)


def test_an_id_belongs_to_its_key(hub: Hub) -> None:
    enrol(hub, devices.new_code(hub, store="XH"))
    with pytest.raises(HubProblem, match="device_taken"):
        enrol(hub, devices.new_code(hub, store="XH"), key=DeviceKey(b"e" * 32))
    with pytest.raises(HubProblem, match="device_taken"):
        enrol(hub, devices.new_code(hub, store="XH"), device="dev-2")


def test_a_counter_that_was_turned_away_does_not_come_back(hub: Hub) -> None:
    enrol(hub, devices.new_code(hub, store="XH"))
    revocations.revoke(hub, "dev-1")
    known = devices.find(hub, "dev-1")
    assert known is not None
    assert known.revoked
    with pytest.raises(HubProblem, match="device_taken"):
        enrol(hub, devices.new_code(hub, store="XH"))


def test_nobody_unknown_is_turned_away(hub: Hub) -> None:
    with pytest.raises(HubProblem, match="unknown_device"):
        revocations.revoke(hub, "dev-9")


def test_hello_tells_what_the_hub_has(hub: Hub) -> None:
    enrol(hub, devices.new_code(hub, store="XH"))
    FakeCounter(hub).do(stock())
    known = devices.find(hub, "dev-1")
    assert known is not None
    reply = devices.hello(hub, known, Hello("i1", 1, audit=AuditAnchor(3, b"h" * 32)))
    assert (reply.last_seq, reply.feeds) == (1, {"brand": 1, "store:XH": 1})


def test_of_two_counters_that_use_one_code_at_once_one_joins(hub: Hub, tmp_path: Path, database: str) -> None:
    """At two processes of the hub, again and again; whoever comes too late is told so, and has left nothing behind."""
    other = open_hub(tmp_path / "hub", url=database, now=hub.now)
    with ThreadPoolExecutor(4) as pool:
        for attempt in range(5):
            code, together = devices.new_code(hub, store="XH"), Barrier(4)

            def join(number: int, code: str = code, attempt: int = attempt, together: Barrier = together) -> str:
                together.wait()
                mine = f"dev-{attempt}-{number}"
                try:
                    return enrol((hub, other)[number % 2], code, device=mine, key=DeviceKey.generate()).device
                except HubProblem as problem:
                    return problem.problem.code

            found = Tally(pool.map(join, range(4)))
            joined = {name for name in found if name.startswith("dev-")}
            assert len(joined) == 1
            assert found["enrol_code_over"] == 3
            assert {name for n in range(4) if devices.find(hub, name := f"dev-{attempt}-{n}")} == joined
    other.close()


def test_tries_at_once_are_counted_one_by_one(hub: Hub, tmp_path: Path, database: str) -> None:
    other = open_hub(tmp_path / "hub", url=database, now=hub.now)
    code, together = devices.new_code(hub, store="XH"), Barrier(12)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")

    def guess(number: int) -> str:
        together.wait()
        with pytest.raises(HubProblem) as refused:
            enrol((hub, other)[number % 2], wrong, device=f"dev-{number}", key=DeviceKey.generate())
        return refused.value.problem.code

    with ThreadPoolExecutor(12) as pool:
        assert Tally(pool.map(guess, range(12))) == {"enrol_code_wrong": 5, "enrol_code_over": 7}
    with pytest.raises(HubProblem, match="enrol_code_over"):
        enrol(hub, code)
    other.close()
