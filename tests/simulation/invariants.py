"""What must hold whatever happens: each invariant is a function by its own name, run over a whole world."""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import msgspec

from storeapp.codec import UnknownKind, decode_command, decode_state, encode
from storeapp.domain.delivery import (
    CustodyMoved,
    Delivery,
    DeliveryAssigned,
    DeliveryCancelled,
    DeliveryOpened,
    DeliveryReturned,
    DeliverySplit,
    Holder,
    Link,
)
from storeapp.domain.feeds import feeds_of
from storeapp.domain.held import HUB
from storeapp.domain.kernel import Context, Event, Key, Refusal
from storeapp.domain.order import Order
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.rules.registry import COMMANDS
from storeapp.domain.stock import StockItem, StockMoved, StockReserved, stock_id
from storeapp.domain.workspace import Workspace
from storeapp.store.journal import Entry, Status
from storeapp.store.readings import context_of, incarnation_of
from sync.protocol.messages import Problem
from tests.simulation.desks import Desk
from tests.simulation.mirrors import taken
from tests.simulation.records import Records
from tests.simulation.world import World
from tests.support.counters import shown

HEAD_EXCHANGES = 3
BY_A_PERSON = frozenset({"discarded"})
S = TypeVar("S")


class Broken(AssertionError):
    """Some invariants do not hold; ``found`` says by their names what contradicts them."""

    def __init__(self, found: dict[str, object]) -> None:
        super().__init__("; ".join(f"{name}: {what}" for name, what in found.items()))
        self.found = found


@dataclass(frozen=True, slots=True)
class Scene:
    """A world with what its hub has written."""

    world: World
    records: Records


Invariant = Callable[[Scene], Iterator[object]]
"""Yields whatever contradicts it."""

ALWAYS: list[Invariant] = []
IN_QUIET: list[Invariant] = []
IN_CHOSEN_DAYS: list[Invariant] = []


def always(function: Invariant) -> Invariant:
    """An invariant of every moment."""
    ALWAYS.append(function)
    return function


def in_quiet(function: Invariant) -> Invariant:
    """An invariant of the end, when everybody has exchanged without faults."""
    IN_QUIET.append(function)
    return function


def in_chosen_days(function: Invariant) -> Invariant:
    """An invariant of days in which no command only reads what others change."""
    IN_CHOSEN_DAYS.append(function)
    return function


def check(world: World, *, quiet: bool = False, chosen: bool = False) -> None:
    """Hold a world against the invariants; a ``chosen`` day is held against more of them.

    Raises:
        Broken: one of them does not hold.
    """
    scene = Scene(world, world.records())
    wanted = [*ALWAYS, *(IN_QUIET if quiet else []), *(IN_CHOSEN_DAYS if chosen else [])]
    firsts = {one.__name__: next(one(scene), None) for one in wanted}
    found = {name: what for name, what in firsts.items() if what is not None}
    if found:
        raise Broken(found)


# -- commands


@always
def saved_commands_exist_once(scene: Scene) -> Iterator[object]:
    """What was shown as saved waits in a journal or is at the hub, and nothing is there twice or was never saved."""
    world, known = scene.world, scene.records.ids
    held = known | set(_held(world))
    yield from (("lost", one) for one in world.shown - world.lost - held)
    own = {one.id for one in scene.records.results if one.device == HUB}
    own |= {one.command for one in scene.records.log if one.device == HUB}
    yield from (("nobody saved", one) for one in known - own - world.ever - world.lost)
    for table in ([one.id for one in scene.records.results], [one.command for one in _decided(scene.records)]):
        yield from (("twice", one) for one, count in Tally(table).items() if count > 1)


def _decided(records: Records) -> list[object]:
    return [one for one in records.log if not one.kind.startswith("hub.")]


def _held(world: World) -> Iterator[str]:
    """What journals keep for the hub; one that hasn't met a restored hub yet keeps everything."""
    for phone in world.phones:
        yield from (command.id for command in phone.queue)
    for desk in world:
        waits = desk.met < world.hq.generation or not desk.counter.enrolled
        yield from (entry.id for entry in desk.entries() if waits or entry.status is Status.PENDING)


@always
def hub_numbers_each_device_from_one(scene: Scene) -> Iterator[object]:
    """Under each number of a device the hub has one command, from 1 to its last without a hole."""
    rows: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for one in scene.records.results:
        if one.incarnation:
            if one.seq in rows[one.device, one.incarnation]:
                yield one
            rows[one.device, one.incarnation][one.seq] = one.id
    known = scene.records.ids
    for key in rows.keys() | scene.records.last_seqs.keys():
        last = scene.records.last_seqs.get(key, 0)
        yield from ((key, seq, "past the last") for seq in rows[key] if seq > last)
        for seq in set(range(1, last + 1)) - rows[key].keys():
            # A number may stand for what came before under another numbering.
            if not scene.world.sent[*key, seq] & known:
                yield key, seq, "hole"


@always
def facts_are_never_refused(scene: Scene) -> Iterator[object]:
    """A fact stands, whatever it contradicts, unless a person has looked at it."""
    for one in scene.records.results:
        kind = scene.world.bodies.get(one.id, ("", b""))[0]
        if one.status == "refused" and kind in COMMANDS and COMMANDS[kind].FACT:
            code = msgspec.json.decode(one.problem, type=Problem).code
            if code not in BY_A_PERSON:
                yield kind, code


@always
def failures_change_nothing_pending(scene: Scene) -> Iterator[object]:
    """Only an answer of the hub takes a command out of what is pending."""
    for desk in scene.world:
        if desk.last is not None and desk.last.gone - desk.last.delivered:
            yield desk.name, desk.last.code


@always
def no_command_blocks_the_queue(scene: Scene) -> Iterator[object]:
    """No command stays the oldest pending one through three successful exchanges."""
    for desk in scene.world:
        if desk.head[1] >= HEAD_EXCHANGES:
            yield desk.name, desk.head


@always
def the_hub_never_fails(scene: Scene) -> Iterator[object]:
    """Whatever a device sends, the hub's answer is one of its own."""
    yield from map(repr, scene.world.hq.failures)


# -- feeds


@always
def feed_numbers_are_contiguous(scene: Scene) -> Iterator[object]:
    """A feed's numbers are 1 to its head, each given once; those of one moment's changes stand without a hole."""
    used: dict[str, list[int]] = defaultdict(list)
    for row in scene.records.rows:
        used[row.feed].append(row.seq)
    for feed, last in scene.records.heads.items():
        numbers = used[feed]
        if len(set(numbers)) != len(numbers) or (last and max(numbers, default=0) != last):
            yield feed, last, numbers
        if not set(numbers) <= set(range(1, last + 1)):
            yield feed, last, numbers
    yield from scene.world.hq.holes


@in_quiet
def snapshot_and_changes_agree(scene: Scene) -> Iterator[object]:
    """A snapshot at s with the changes (s..t] is the snapshot at t."""
    hub = scene.world.hq.hub
    for mirror in scene.world.mirrors:
        if mirror.epoch == hub.identity.epoch:
            now, then = mirror.followed(hub), taken(hub, store=mirror.store, feed=mirror.feed)
            if now != then:
                yield mirror.feed, mirror.seq, then.seq


@always
def cursors_never_pass_their_rows(scene: Scene) -> Iterator[object]:
    """Whatever stands in a feed up to a counter's cursor, this counter has, in just that version."""
    for desk in scene.world:
        cache = desk.counter.cache
        if cache.mark("epoch") != scene.records.epoch:
            continue
        held = _bases(desk)
        for feed in feeds_of(desk.store):
            cursor = cache.cursor(feed)
            for row in scene.records.rows:
                if row.feed == feed and row.seq <= cursor and held.get(row.key, b"") != row.body:
                    yield desk.name, feed, cursor, row.seq, row.key


def _bases(desk: Desk) -> dict[Key, bytes]:
    """The hub's word, as a counter keeps it."""
    rows = desk.counter.cache.db.execute("SELECT kind, id, coalesce(base, body) FROM state")
    return {Key(kind, key_id): bytes(body) for kind, key_id, body in rows}


def _context(desk: Desk, entry: Entry) -> Context:
    identity = desk.counter.journal.identity()
    return context_of(entry, device=desk.counter.device, incarnation=incarnation_of(entry, identity))


@in_chosen_days
def the_view_follows_from_bases_and_open_commands(scene: Scene) -> Iterator[object]:
    """What a counter shows is the hub's word with every command on top that the hub's word doesn't hold yet.

    What a command only reads, such as an article's weight or a delivery that wasn't known yet, is no reason to decide
    it anew: until the hub has answered, it is shown as it was decided. So this holds for chosen days only.
    """
    for desk in scene.world:
        db = desk.counter.cache.db
        mark = desk.cache_mark()
        if desk.seen_sound == mark or not desk.is_whole:
            continue
        if db.execute("SELECT count(*) FROM stale").fetchone()[0]:
            continue  # Pages were taken and the exchange was cut: the next one makes up for it.
        held, seen = _bases(desk), shown(desk.counter)
        work = Workspace(_Held(held))
        if not _replayed(desk, work):
            continue
        expected = {key: body for key, body in held.items() if body}
        expected |= {key: encode(state) for key, state in work.dirty.items()}
        for key in seen.keys() | expected.keys():
            if seen.get(key) != expected.get(key):
                yield desk.name, key
        desk.seen_sound = mark


def _replayed(desk: Desk, work: Workspace) -> bool:
    """Decide the open commands in order; says whether none reaches rows that it did not reach when it was shown."""
    touches: dict[int, set[Key]] = defaultdict(set)
    for n, kind, key_id in desk.counter.cache.db.execute("SELECT n, kind, id FROM touch"):
        touches[n].add(Key(kind, key_id))
    for entry in desk.entries():
        pending = entry.status is Status.PENDING
        if entry.n in touches or pending:
            decided = work.run(decode_command(entry.kind, entry.body), _context(desk, entry))
            events = () if isinstance(decided, Refusal) else decided
            if not {Key(event.OF.KIND, event.id) for event in events} <= touches[entry.n]:
                return False
    return True


class _Held:
    """States out of rows."""

    def __init__(self, rows: dict[Key, bytes]) -> None:
        self._rows = rows

    def get(self, of: type[S], key_id: str) -> S | None:
        body = self._rows.get(Key(of.KIND, key_id))
        return decode_state(of.KIND, body) if body else None


# -- goods, parcels, guides


@always
def stock_equals_its_movements(scene: Scene) -> Iterator[object]:
    """On hand is the sum of the movements, reserved the sum of the promises, and of what orders say they hold."""
    moved, promised, held = Tally[str](), Tally[str](), Tally[str]()
    for event in _events(scene.records):
        if isinstance(event, StockMoved):
            moved[event.id] += event.quantity
        elif isinstance(event, StockReserved):
            promised[event.id] += event.quantity
    for order in _states(scene.records, Order):
        for line in order.lines:
            held[stock_id(order.store, line.sku)] += line.reserved
    for item in _states(scene.records, StockItem):
        if (item.on_hand, item.reserved, item.reserved) != (moved[item.id], promised[item.id], held[item.id]):
            yield item.id, (item.on_hand, moved[item.id]), (item.reserved, promised[item.id], held[item.id])


@always
def custody_is_one_chain(scene: Scene) -> Iterator[object]:
    """A parcel's chain begins in the store, and is just the handoffs that happened, each to somebody else."""
    chains: dict[tuple[str, int], tuple[Link, ...]] = {}
    for event in _events(scene.records):
        _lengthen(chains, event)
    for delivery in _states(scene.records, Delivery):
        for parcel in delivery.parcels:
            holders = [(link.holder, link.holder_id) for link in parcel.chain]
            stays = any(one == other for one, other in pairwise(holders))
            begins = holders[0] == (Holder.STORE, delivery.store)
            if stays or not begins or parcel.chain != chains[delivery.id, parcel.number]:
                yield delivery.id, parcel.number, holders


def _lengthen(chains: dict[tuple[str, int], tuple[Link, ...]], event: Event) -> None:
    match event:
        case DeliveryOpened():
            chains.update({(event.id, parcel.number): parcel.chain for parcel in event.delivery.parcels})
        case CustodyMoved():
            chains[event.id, event.parcel] = (*chains[event.id, event.parcel], event.link)
        case DeliverySplit():
            chains.update({(event.id, n + 1): chains[event.id, 1] for n in range(event.parcels)})


@always
def assignments_stand_on_the_newest(scene: Scene) -> Iterator[object]:
    """An accepted assignment named the count of assignments that there was."""
    counts = Tally[str]()
    for one in scene.records.log:
        kind, body = scene.world.bodies.get(one.command, ("", b""))
        if kind in {AssignDelivery.KIND, UnassignDelivery.KIND} and not one.kind.startswith("hub."):
            command = decode_command(kind, body)
            if isinstance(command, AssignDelivery | UnassignDelivery) and command.base != counts[command.delivery_id]:
                yield one.command, command.base, counts[command.delivery_id]
        for event in one.events:
            if isinstance(event, DeliveryAssigned | DeliveryReturned | DeliveryCancelled):
                counts[event.id] += 1


def _events(records: Records) -> Iterator[Event]:
    return (event for one in records.log for event in one.events)


def _states(records: Records, of: type[S]) -> Iterator[S]:
    for row in records.rows:
        if row.body:
            try:
                state = decode_state(row.key.kind, row.body)
            except UnknownKind:
                continue
            if isinstance(state, of):
                yield state


# -- in quiet


@in_quiet
def caches_equal_the_hub(scene: Scene) -> Iterator[object]:
    """Every counter shows exactly what stands in its feeds, and keeps nothing for later."""
    for desk in _faithful(scene.world):
        feeds = feeds_of(desk.store)
        expected = {row.key: row.body for row in scene.records.rows if row.feed in feeds and row.body}
        seen = shown(desk.counter)
        if seen != expected:
            yield desk.name, sorted(key for key in seen.keys() | expected.keys() if seen.get(key) != expected.get(key))
        left = [
            desk.counter.cache.db.execute(sql).fetchone()[0]
            for sql in ("SELECT count(*) FROM touch", "SELECT count(*) FROM state WHERE base IS NOT NULL")
        ]
        if any(left):
            yield desk.name, "touches and bases left", left


@in_quiet
def nothing_is_left_to_send(scene: Scene) -> Iterator[object]:
    """Every command has its answer, but for those of counters that were turned away."""
    for desk in _faithful(scene.world):
        if desk.pending():
            yield desk.name, desk.pending()


@in_quiet
def lists_follow_the_states(scene: Scene) -> Iterator[object]:
    """What the screens list is what the states say."""
    for desk in _faithful(scene.world):
        cache = desk.counter.cache
        orders = {order.id: order.status.value for order in cache.every(Order)}
        if dict(cache.db.execute("SELECT order_id, status FROM delivery_view")) != orders:
            yield desk.name, "delivery_view"
        cases = {key.id for key in shown(desk.counter) if key.kind == "exception"}
        if {row[0] for row in cache.db.execute("SELECT id FROM case_view")} != cases:
            yield desk.name, "case_view"


def _faithful(world: World) -> Iterator[Desk]:
    return (desk for desk in world if not desk.left)
