"""What every feed promises: numbers without a hole in the order of commits, and the brand's feed for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hub.core import Hub
from hub.decisions import decide
from hub.devices import enrol, new_code
from hub.feeds import Reader, changes
from hub.importing import import_tables
from hub.revocations import revoke
from hub.states import States
from hub.tables import head, state
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from storeapp.codec import decode_state
from storeapp.domain.catalogue import Policy
from storeapp.domain.device import Device
from storeapp.domain.rules import registry
from storeapp.domain.rules.people import SetPolicy
from storeapp.domain.rules.stock import CountStock, OpenStock
from sync.protocol.messages import ChangesPage, CommandBatch, EnrolRequest
from tests.support.hubs import FakeCounter, a_guide, an_order, stock

DEMO = Path("resources/demo")
BRAND = "brand"


def read(hub: Hub, feed: str, *, store: str = "XH") -> ChangesPage:
    key = TransportKey.generate().public
    return changes(hub, Reader(store, key), feed=feed, epoch=hub.identity.epoch, after=0, limit=1000)


def numbers(hub: Hub, feed: str) -> list[int]:
    with hub.db.reading() as connection:
        return list(connection.scalars(sa.select(state.c.seq).where(state.c.feed == feed).order_by(state.c.seq)))


def newest(hub: Hub, feed: str) -> int:
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(head.c.seq).where(head.c.feed == feed)) or 0


@contextmanager
def told(hub: Hub) -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked meanwhile: the statement on one line, and its values."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((" ".join(statement.split()), values))

    sa.event.listen(hub.db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(hub.db.engine, "before_cursor_execute", note)


def test_the_heads_are_locked_before_anything_is_read_and_in_their_order(hub: Hub) -> None:
    FakeCounter(hub).do(a_guide("G01"))
    mover = FakeCounter(hub, device="dev-2", store="HH")
    with told(hub) as asked:
        mover.do(a_guide("G01", store="HH"))
    tables = [statement for statement, _ in asked if "FROM" in statement or "INTO" in statement]
    assert "INTO head" in tables[0]
    assert "FROM head" in tables[1]
    assert "ORDER BY head.feed" in tables[1]
    if not hub.db.embedded:
        assert tables[1].endswith("FOR UPDATE OF head")
    # The guide leaves the feed of another store, which was found out only then: all is done again with both locked.
    first = [values for statement, values in asked if "INTO head" in statement and "NOTHING" in statement]
    assert [feed for feed in map(str, first) if "store:HH" in feed and "store:XH" in feed]
    assert str(first[-1]).index("store:HH") < str(first[-1]).index("store:XH")


def test_a_command_that_fails_half_way_gives_its_numbers_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = registry._HANDLERS[OpenStock]

    def broken(command: Any, draft: Any, ctx: Any) -> Any:
        refusal = plain(command, draft, ctx)
        if command.sku == "BL-002":
            raise RuntimeError("after its events")
        return refusal

    monkeypatch.setitem(registry._HANDLERS, OpenStock, broken)
    counter = FakeCounter(hub)
    reply = counter.do(stock("BL-001"), stock("BL-002"), stock("BL-003"), CountStock("XH", "none", 3))
    assert [result.status for result in reply.results] == ["applied", "parked", "applied", "applied"]
    assert numbers(hub, "store:XH") == list(range(1, newest(hub, "store:XH") + 1))
    kept = {row.id for row in read(hub, "store:XH").rows if row.kind == "stock"}
    assert kept == {"XH/BL-001", "XH/BL-003", "XH/none"}


def test_a_batch_that_is_rolled_back_gives_its_numbers_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = FakeCounter(hub)
    counter.do(stock("BL-001"))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the machine")

    batch = CommandBatch("i1", [counter.wire(an_order("T1"))])
    with monkeypatch.context() as patch:
        patch.setattr("hub.records.write", fail)
        with pytest.raises(RuntimeError):
            decide(hub, counter.sender, batch)
    before = newest(hub, "store:XH")
    assert before == 1
    decide(hub, counter.sender, batch)
    # The article, the order and its delivery; the article's first version is no longer there.
    assert (numbers(hub, "store:XH"), newest(hub, "store:XH")) == ([2, 3, 4], 4)


def test_the_brands_feed_carries_what_all_stores_share(hub: Hub) -> None:
    import_tables(hub, DEMO)
    FakeCounter(hub).do(SetPolicy(Policy()))
    key = DeviceKey.generate()
    code = new_code(hub, store="XH")
    enrol(hub, EnrolRequest(code, "dev-9", key.public, TransportKey.generate().public))
    seen = {store: read(hub, BRAND, store=store) for store in ("XH", "HH")}
    assert {row.kind for row in seen["XH"].rows} == {"store", "sku", "policy", "device"}
    assert msgspec.json.encode(seen["XH"]) == msgspec.json.encode(seen["HH"])
    policy = next(decode_state("policy", row.body) for row in seen["XH"].rows if row.kind == "policy")  # type: ignore[arg-type]  # rows of a feed that were never dropped have a body
    assert isinstance(policy, Policy)
    assert {row.kind for row in read(hub, "store:XH").rows}.isdisjoint({"store", "sku", "policy", "device"})


def test_who_is_turned_away_is_told_in_the_brands_feed(hub: Hub) -> None:
    code = new_code(hub, store="XH")
    enrol(hub, EnrolRequest(code, "dev-9", DeviceKey.generate().public, TransportKey.generate().public))
    before = newest(hub, BRAND)
    revoke(hub, "dev-9")
    assert newest(hub, BRAND) == before + 1
    with hub.db.reading() as connection:
        known = States(hub.db, connection, store="HH").get(Device, "dev-9")
    assert known is not None
    assert known.revoked_at is not None
