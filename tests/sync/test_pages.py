"""What pages mean is read without a database; one by one or together, they lead to the same."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from storeapp.adapters.transport_keys import TransportKey, box_purpose, key_purpose
from storeapp.codec import encode
from storeapp.domain.delivery import Delivery
from storeapp.domain.feeds import store_feed
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Key, State
from storeapp.domain.order import Order, OrderStatus, order_id
from storeapp.domain.sealed import key_check
from storeapp.domain.words import Platform
from storeapp.services import search
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Names
from storeapp.services.exchange import Exchange
from storeapp.services.pages import IncomingPage, KeyBox, PageReader, ReadPage, TransportedKey
from storeapp.store.cache import Row
from tests.support.counters import PASSPHRASE, bare, run, shown, stand_alone
from tests.support.hubs import an_order

FEED = store_feed("XH")
NUMBERS = tuple(f"T{n}" for n in range(1, 7))
HUB = TransportKey.generate()


def an_id(number: str) -> str:
    return order_id(Platform.TABLE, number)


@pytest.fixture
def giving(tmp_path: Path) -> Iterator[Counter]:
    """A counter with sealed orders, whose states are what the hub has."""
    with closing(stand_alone(tmp_path / "one", passphrase=PASSPHRASE)) as counter:
        for number in NUMBERS:
            seal(counter, number, Person(name=f"Name {number}", phone="13800138000", address="衡山路170弄8号"))
        yield counter


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], "Taking"]]:
    taking: list[Taking] = []

    def make(name: str) -> Taking:
        taking.append(Taking(tmp_path / name))
        return taking[-1]

    yield make
    for each in taking:
        each.counter.close()


def seal(counter: Counter, number: str, person: Person) -> None:
    keys = counter.privacy.keys_for([an_id(number)], now=counter.clock.now())
    sealed = counter.privacy.seal(person, keys[an_id(number)], subject=an_id(number))
    run(counter, an_order(number, sealed=sealed))


class Taking:
    """A counter that takes pages as if they came from a hub."""

    def __init__(self, path: Path) -> None:
        self.counter = bare(path, passphrase=PASSPHRASE)
        self.transport = TransportKey.generate()
        with self.counter.journal.writing():
            self.counter.journal.identify(**{Names.HUB_TRANSPORT: HUB.public.hex(), "store": "XH"})
        self.counter.reload()
        self.counter.catch_up()
        self.exchange = Exchange(self.counter)
        self.reader = PageReader(lambda: self.transport.channel(HUB.public), self.counter.privacy.opener())
        self.upto = 0

    def read(self, giving: Counter, keys: list[Key], *, boxed: bool = True, with_keys: bool = True) -> ReadPage:
        """A page of what the other counter shows now; what it does not show is gone."""
        known = shown(giving)
        rows = {key: Row(*key, 1, known.get(key, b"")) for key in keys}
        subjects = [key.id for key in keys if key.kind == Order.KIND] if with_keys else []
        held = [(subject, key) for subject, key in giving.privacy.known_keys(subjects).items()]
        channel = HUB.channel(self.transport.public)
        names = tuple(subject for subject, _ in held)
        boxes = [KeyBox(names, channel.wrap(b"".join(key for _, key in held), box_purpose(names)))] if held else []
        single = [
            TransportedKey(subject, key_check(key), channel.wrap(key, key_purpose(subject, key_check(key))))
            for subject, key in held
        ]
        self.upto += 1
        keyed = {"boxes": boxes} if boxed else {"keys": single}
        return self.reader.read(IncomingPage(feed=FEED, epoch="e", upto=self.upto, rows=rows, **keyed))

    def found(self, text: str) -> list[str]:
        """The order numbers that a text finds."""
        return [hit.name for hit in search.find(self.counter, text)]

    def lines(self) -> list[tuple[object, ...]]:
        """What the list of orders shows, whatever the numbers of its rows are."""
        columns = "id, order_id, order_no, state, status, needs, is_sealed, words"
        rows = self.counter.cache.db.execute(f"SELECT {columns} FROM delivery_view")
        return sorted(rows.fetchall())


def both(number: str) -> list[Key]:
    return [Key(Order.KIND, an_id(number)), Key(Delivery.KIND, f"{an_id(number)}-1")]


@pytest.mark.parametrize("boxed", [True, False])
def test_everybody_of_a_page_is_found_once_it_is_taken(
    giving: Counter, made: Callable[[str], Taking], boxed: bool
) -> None:
    two = made("two")
    two.exchange.take(two.read(giving, [key for number in NUMBERS for key in both(number)], boxed=boxed))
    for number in NUMBERS:
        assert two.found(f"Name {number}") == [number]
        assert two.found(number) == [number]
        order = two.counter.cache.get(Order, an_id(number))
        assert order is not None
        assert two.counter.privacy.people([order])[order.id].name == f"Name {number}"


def test_pages_that_are_taken_together_lead_to_what_they_lead_to_one_by_one(
    giving: Counter, made: Callable[[str], Taking]
) -> None:
    together, alone = made("two"), made("three")
    first, second, third, fourth, *_ = NUMBERS
    # A delivery in the page after its order, a row that is changed in a later page, and one that is gone there.
    pages = [[*both(first), both(second)[0]], [both(second)[1], *both(third), *both(fourth)]]
    one_by_one = [alone.read(giving, keys) for keys in pages]
    merged = [together.read(giving, keys) for keys in pages]
    cancelled = giving.cache.get(Order, an_id(first))
    assert cancelled is not None
    changed = replace(cancelled, status=OrderStatus.CANCELLED, sealed="")
    show(giving, changed)
    remove(giving, both(third))
    last = [both(first)[0], *both(third)]
    one_by_one.append(alone.read(giving, last))
    merged.append(together.read(giving, last))
    for page in one_by_one:
        alone.exchange.take(page)
    page = merged[0]
    for later in merged[1:]:
        page.add(later)
    assert page.ready.hashes.keys() == {an_id(second), an_id(fourth)}
    together.exchange.take(page)
    assert shown(together.counter) == shown(alone.counter)
    assert together.lines() == alone.lines() != []
    assert together.counter.cache.cursor(FEED) == alone.counter.cache.cursor(FEED) == 3
    for two in (together, alone):
        assert two.found(f"Name {first}") == two.found(f"Name {third}") == []
        assert two.found(f"Name {fourth}") == [fourth]
        assert two.counter.privacy.known_keys([an_id(first)]) == {}


def show(counter: Counter, state: State) -> None:
    with counter.cache.writing():
        counter.cache.write({Key(state.KIND, state.id): state})


def remove(counter: Counter, keys: list[Key]) -> None:
    with counter.cache.writing():
        counter.cache.db.conn.executemany("DELETE FROM state WHERE kind = ? AND id = ?", keys)


def test_who_is_corrected_elsewhere_is_found_by_the_new_name(giving: Counter, made: Callable[[str], Taking]) -> None:
    two, number = made("two"), NUMBERS[0]
    two.exchange.take(two.read(giving, both(number)))
    order = giving.cache.get(Order, an_id(number))
    key = giving.privacy.known_keys([an_id(number)])[an_id(number)]
    assert order is not None
    show(giving, replace(order, sealed=giving.privacy.seal(Person(name="Other"), key, subject=order.id)))
    two.exchange.take(two.read(giving, both(number)))
    assert two.found("Other") == [number]


def test_a_record_is_opened_with_the_key_that_came_earlier(giving: Counter, made: Callable[[str], Taking]) -> None:
    two, number = made("two"), NUMBERS[0]
    two.exchange.take(two.read(giving, [both(number)[1]], with_keys=False))
    key = giving.privacy.known_keys([an_id(number)])
    two.counter.keys.put_many(key, now=two.counter.clock.now())
    two.exchange.take(two.read(giving, [both(number)[0]], with_keys=False))
    assert two.found(f"Name {number}") == [number]


def test_a_record_that_a_later_page_replaces_is_not_opened(giving: Counter, made: Callable[[str], Taking]) -> None:
    two, number = made("two"), NUMBERS[0]
    page = two.read(giving, both(number), with_keys=False)
    assert [order.id for order in page.closed] == [an_id(number)]
    order = giving.cache.get(Order, an_id(number))
    assert order is not None
    show(giving, replace(order, status=OrderStatus.CANCELLED, sealed=""))
    page.add(two.read(giving, both(number)[:1], with_keys=False))
    assert page.closed == []


def test_one_broken_seal_hides_nobody_else(giving: Counter, made: Callable[[str], Taking]) -> None:
    two, (first, second) = made("two"), NUMBERS[:2]
    order = giving.cache.get(Order, an_id(first))
    assert order is not None
    show(giving, replace(order, sealed=order.sealed[:-8] + "AAAAAAAA"))
    two.exchange.take(two.read(giving, [*both(first), *both(second)]))
    assert [order_id for _, order_id, *_ in two.lines()] == sorted([an_id(first), an_id(second)])
    assert two.found(f"Name {first}") == []
    assert two.found(f"Name {second}") == [second]


def test_keys_that_cannot_be_read_cost_only_their_people(
    giving: Counter, made: Callable[[str], Taking], caplog: pytest.LogCaptureFixture
) -> None:
    two, number = made("two"), NUMBERS[0]
    two.transport = TransportKey.generate()  # The hub wraps for another counter than the one that reads.
    two.exchange.take(two.read(giving, both(number)))
    assert two.found(number) == [number]
    assert two.found(f"Name {number}") == []
    assert "transport_unwrap_failed" in caplog.text
    caplog.clear()


def test_without_a_root_key_nothing_about_people_is_kept(giving: Counter, tmp_path: Path) -> None:
    with closing(bare(tmp_path / "two")) as counter:
        reader = PageReader(lambda: HUB.channel(HUB.public), counter.privacy.opener())
        key = both(NUMBERS[0])[0]
        body = shown(giving)[key]
        page = IncomingPage(feed=FEED, epoch="e", upto=1, rows={key: Row(*key, 1, body)})
        read = reader.read(page)
    assert (read.keys, read.ready.hashes, read.closed) == ([], {}, [])
    assert {key: encode(state) for key, state in read.ready.states.items()} == {key: body}
