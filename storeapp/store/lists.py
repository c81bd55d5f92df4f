"""The queries behind lists: ids first, so that a list of 100,000 orders costs one pass over an index."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import permutations

from sqlite_utils import Database

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.kernel import Key
from storeapp.domain.moment import day_bounds
from storeapp.domain.order import REMARKS, SHORT_STOCK, order_of
from storeapp.domain.short_code import with_code
from storeapp.store.errors import translate_sqlite_errors
from storeapp.store.views import seconds, stamp

SORTS = {
    "window_end": "window_end",
    "created_at": "created_at",
    "finished_at": "finished_at",
    "order_no": "order_no",
    "state": "state",
    "guide": "guide",
    "pieces": "pieces",
}
SHORTEST_FULL_TEXT = 3
"""The trigram index answers from three characters on."""
MOST_FOUND = 2000


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which deliveries, in which order; ``text`` is what a person typed."""

    text: str = ""
    states: tuple[DeliveryState, ...] = ()
    open_only: bool = False
    guide: str = ""
    needs: str = ""
    needing: bool = False
    """Only open orders that lack anything at all."""
    finished_since: datetime | None = None
    sort: str = "created_at"
    descending: bool = True
    limit: int = -1


@translate_sqlite_errors()
def delivery_ids(db: Database, wanted: OrderFilter, *, hashes: Sequence[bytes]) -> list[str]:
    """The ids that fit, in order.

    Raises:
        KeyError: nothing can be sorted by ``wanted.sort``.
    """
    where, values = _where(wanted)
    text = wanted.text.strip()
    if text:
        numbers = _found(db, text, hashes)
        where.append(f"n IN ({','.join(map(str, numbers))})")
    direction = "DESC" if wanted.descending else "ASC"
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    sql = f"SELECT id FROM delivery_view {condition} ORDER BY {SORTS[wanted.sort]} {direction}, n {direction} LIMIT ?"
    return [key for (key,) in db.execute(sql, (*values, wanted.limit))]


def _where(wanted: OrderFilter) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []
    if wanted.states:
        where.append(f"state IN ({','.join('?' * len(wanted.states))})")
        values += wanted.states
    if wanted.open_only:
        where.append("status = 'open'")
    if wanted.guide:
        where.append("guide = ? AND guide <> ''")
        values.append(wanted.guide)
    if wanted.needs:
        where.append("instr(' ' || needs || ' ', ?)")
        values.append(f" {wanted.needs} ")
    if wanted.needing:
        where.append("needs <> '' AND status = 'open'")
    if wanted.finished_since is not None:
        where.append("finished_at >= ?")
        values.append(seconds(wanted.finished_since))
    return where, values


def _found(db: Database, text: str, hashes: Sequence[bytes]) -> list[int]:
    """Row numbers that a typed text finds, at most the newest `MOST_FOUND`."""
    found = _by_hash(db, hashes) | _by_guide(db, text) | _by_prefix(db, text)
    if len(text) >= SHORTEST_FULL_TEXT:
        phrase = '"' + text.replace('"', '""') + '"'
        sql = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?"
        found |= {n for (n,) in db.execute(sql, (phrase, MOST_FOUND))}
    return sorted(found, reverse=True)[:MOST_FOUND]


def _by_hash(db: Database, hashes: Sequence[bytes]) -> set[int]:
    # The newest by their own numbers, before each is looked up: half a street may live there.
    sql = f"""SELECT v.n FROM
        (SELECT DISTINCT n FROM finder WHERE hash IN ({",".join("?" * len(hashes))}) ORDER BY n DESC LIMIT ?) f
        JOIN finder_order o ON o.n = f.n JOIN delivery_view v ON v.order_id = o.order_id"""
    return {n for (n,) in db.execute(sql, (*hashes, MOST_FOUND))}


def _by_guide(db: Database, text: str) -> set[int]:
    sql = """SELECT v.n FROM delivery_view v WHERE v.guide <> '' AND v.guide IN
        (SELECT id FROM state WHERE kind = 'guide' AND body <> x''
        AND (lower(id) = lower(?1) OR body ->> '$.name' = ?1)) ORDER BY v.n DESC LIMIT ?2"""
    return {n for (n,) in db.execute(sql, (text, MOST_FOUND))}


def _by_prefix(db: Database, text: str) -> set[int]:
    sql = "SELECT n FROM delivery_view WHERE order_no >= ?1 AND order_no < ?1 || char(1114111) LIMIT ?2"
    return {n for (n,) in db.execute(sql, (text, MOST_FOUND))}


@translate_sqlite_errors()
def count_by_state(db: Database) -> dict[str, int]:
    """How many deliveries are in each state."""
    return dict(db.execute("SELECT state, count(*) FROM delivery_view GROUP BY state").fetchall())


@translate_sqlite_errors()
def count_open_cases(db: Database) -> int:
    """How many exceptions wait for a person."""
    return int(db.execute("SELECT count(*) FROM case_view WHERE is_open").fetchone()[0])


@translate_sqlite_errors()
def open_cases(db: Database) -> list[str]:
    """The exceptions that wait for a person, the oldest first."""
    return [key for (key,) in db.execute("SELECT id FROM case_view WHERE is_open ORDER BY opened_at, id")]


@translate_sqlite_errors()
def open_held(db: Database) -> list[str]:
    """The commands that the hub did not apply and that wait for a person, the oldest first."""
    return [key for (key,) in db.execute("SELECT id FROM held_view WHERE is_open ORDER BY at, id")]


@translate_sqlite_errors()
def count_open_held(db: Database) -> int:
    """How many matters they are; what only follows another one is none of its own."""
    return int(db.execute("SELECT count(*) FROM held_view WHERE is_open AND root = ''").fetchone()[0])


@translate_sqlite_errors()
def open_touches(db: Database, key: Key) -> list[int]:
    """The numbers of the unconfirmed commands that changed an aggregate."""
    return [int(n) for (n,) in db.execute("SELECT n FROM touch WHERE kind = ? AND id = ? ORDER BY n", key)]


@translate_sqlite_errors()
def cases_of(db: Database, subject: str) -> list[str]:
    """All exceptions of one subject, the oldest first."""
    return [key for (key,) in db.execute("SELECT id FROM case_view WHERE subject = ? ORDER BY opened_at", (subject,))]


_ONLY_REMARKS = tuple(
    " ".join(some) for length in range(1, len(REMARKS) + 1) for some in permutations(sorted(REMARKS), length)
)
"""All that a row's ``needs`` may say where nobody has to act."""
_NEEDING = f"""FROM delivery_view WHERE needs <> '' AND status = 'open'
    AND needs NOT IN ({",".join("?" * len(_ONLY_REMARKS))})"""


@translate_sqlite_errors()
def count_needing(db: Database) -> int:
    """How many open orders lack something that a person must see to."""
    return int(db.execute(f"SELECT count(*) {_NEEDING}", _ONLY_REMARKS).fetchone()[0])


@translate_sqlite_errors()
def needing(db: Database, *, limit: int) -> list[str]:
    """Open orders that lack something that a person must see to, the most urgent first."""
    # Which they are is found in the index alone, as for the count, and only these are looked up.
    sql = f"""SELECT id FROM delivery_view JOIN (SELECT n {_NEEDING} ORDER BY window_end LIMIT ?) USING (n)
        ORDER BY window_end, n"""
    return [key for (key,) in db.execute(sql, (*_ONLY_REMARKS, limit))]


@translate_sqlite_errors()
def open_orders(db: Database) -> list[str]:
    """All orders that are not over, the oldest first."""
    return [key for (key,) in db.execute("SELECT order_id FROM delivery_view WHERE status = 'open' ORDER BY n")]


@translate_sqlite_errors()
def by_number(db: Database, order_no: str) -> list[str]:
    """Deliveries of the orders with exactly this number, of any platform."""
    return [key for (key,) in db.execute("SELECT id FROM delivery_view WHERE order_no = ?", (order_no,))]


@translate_sqlite_errors()
def numbers_of(db: Database, ids: Sequence[str]) -> dict[str, str]:
    """The order numbers of these deliveries."""
    sql = "SELECT id, order_no FROM delivery_view WHERE order_id IN (SELECT value FROM json_each(?))"
    return dict(db.execute(sql, (json.dumps([order_of(each) for each in ids]),)).fetchall())


@translate_sqlite_errors()
def by_slip(db: Database, slip_id: str) -> tuple[str, int] | None:
    """The delivery and parcel a slip belongs to."""
    row = db.execute("SELECT delivery_id, parcel FROM slip_view WHERE slip_id = ?", (slip_id,)).fetchone()
    return (str(row[0]), int(row[1])) if row else None


@translate_sqlite_errors()
def by_short_code(db: Database, code: str) -> list[str]:
    """The slips with this short code: one, but for a coincidence of 45 bits."""
    names = (bytes.fromhex(slip_id) for (slip_id,) in db.execute("SELECT slip_id FROM slip_view"))
    return [name.hex() for name in with_code(code, names)]


@translate_sqlite_errors()
def timeline_of(db: Database, subjects: Sequence[str]) -> list[tuple[str, str, str]]:
    """Time, actor and event of what happened to these subjects, the oldest first."""
    sql = f"SELECT at, actor, event FROM timeline WHERE subject IN ({','.join('?' * len(subjects))}) ORDER BY n"
    return list(db.execute(sql, tuple(subjects)))


@translate_sqlite_errors()
def movements_of(db: Database, item: str, *, limit: int = 200) -> list[tuple[str, str, int, str, str]]:
    """Time, kind, quantity, reference and actor of a shelf's movements, the latest first."""
    sql = "SELECT at, movement, quantity, reference, actor FROM movement WHERE item = ? ORDER BY n DESC LIMIT ?"
    return list(db.execute(sql, (item, limit)))


_COUNTED = "movement IN ('opening', 'counted')"
"""SQLite uses the partial index only for queries that repeat its very condition."""


@translate_sqlite_errors()
def count_differences(db: Database, *, start: datetime, end: datetime) -> dict[str, tuple[int, str]]:
    """What counts put the book right by in a stretch of time, and when last: by shelf, only where it was wrong."""
    sql = f"""SELECT item, sum(quantity), max(at) FROM movement
        WHERE {_COUNTED} AND movement = 'counted' AND at >= ? AND at < ? GROUP BY item"""
    return {item: (int(total), at) for item, total, at in db.execute(sql, (stamp(start), stamp(end)))}


@translate_sqlite_errors()
def openings(db: Database) -> set[tuple[str, str]]:
    """When each shelf was taken into the book, which counts like a count but is none."""
    return set(db.execute(f"SELECT item, at FROM movement WHERE {_COUNTED} AND movement = 'opening'"))


@translate_sqlite_errors()
def unconfirmed(db: Database, ids: Sequence[str]) -> set[str]:
    """Which of these deliveries an unanswered command touches."""
    sql = f"SELECT DISTINCT id FROM touch WHERE kind = 'delivery' AND id IN ({','.join('?' * len(ids))})"
    return {key for (key,) in db.execute(sql, tuple(ids))}


@translate_sqlite_errors()
def taken_back(db: Database, lease: str) -> list[tuple[str, int]]:
    """Shelves where a lease is granted less than is still held for it, with the versions of their rows.

    Nothing while a page was taken and what follows from it is not shown yet: somebody may still promise by the old
    rows until then.
    """
    if db.execute("SELECT 1 FROM stale LIMIT 1").fetchone():
        return []
    sql = """SELECT s.id, s.version
        FROM state s, json_each(coalesce(nullif(coalesce(s.base, s.body), x''), '{}'), '$.shares') share
        WHERE s.kind = 'stock' AND share.value ->> 0 = ? AND (share.value ->> 1) < (share.value ->> 2)
        ORDER BY s.id"""
    return [(str(key), int(version)) for key, version in db.execute(sql, (lease,))]


@translate_sqlite_errors()
def skus_like(db: Database, text: str, *, limit: int) -> list[tuple[str, str]]:
    """Code and name of the articles whose code, barcode or name holds a text."""
    sql = """SELECT id, body ->> '$.name' FROM state WHERE kind = 'sku' AND body <> x'' AND
        instr(lower(id || char(10) || coalesce(body ->> '$.barcode', '') || char(10) || (body ->> '$.name')), lower(?))
        ORDER BY id LIMIT ?"""
    return [(str(key), str(name)) for key, name in db.execute(sql, (text, limit))]


@translate_sqlite_errors()
def pieces_short(db: Database) -> dict[str, int]:
    """How many pieces of each SKU the open orders wait for that are short of something."""
    sql = """SELECT line.value ->> '$.sku',
            sum((line.value ->> '$.quantity') - coalesce(line.value ->> '$.reserved', 0))
        FROM state s, json_each(s.body, '$.lines') line
        WHERE s.kind = 'order' AND s.id IN
            (SELECT order_id FROM delivery_view WHERE status = 'open' AND instr(' ' || needs || ' ', ?))
        GROUP BY 1"""
    return dict(db.execute(sql, (f" {SHORT_STOCK} ",)).fetchall())


@translate_sqlite_errors()
def load_by_guide(db: Database) -> dict[tuple[str, str], int]:
    """How many deliveries each guide has in each state, of those that are not over."""
    sql = "SELECT guide, state, count(*) FROM delivery_view WHERE guide <> '' AND status = 'open' GROUP BY guide, state"
    return {(guide, state): n for guide, state, n in db.execute(sql)}


@translate_sqlite_errors()
def due_for_forgetting(db: Database, *, closed_before: datetime, limit: int) -> list[str]:
    """Orders that ended before an instant and whose person is still known, the longest ago first."""
    sql = """SELECT order_id FROM delivery_view WHERE status <> 'open' AND is_sealed AND closed_at < ?
        ORDER BY closed_at LIMIT ?"""
    return [key for (key,) in db.execute(sql, (seconds(closed_before), limit))]


@translate_sqlite_errors()
def created_since(db: Database, moment: datetime) -> list[str]:
    """The deliveries of orders that came in from a moment on."""
    rows = db.execute("SELECT id FROM delivery_view WHERE created_at >= ? ORDER BY n", (seconds(moment),))
    return [key for (key,) in rows]


@translate_sqlite_errors()
def promised_on(db: Database, day: date) -> int:
    """How many deliveries that were not called off are promised to begin on a day of the store."""
    start, end = day_bounds(day)
    sql = "SELECT count(*) FROM delivery_view WHERE window_start >= ? AND window_start < ? AND state <> ?"
    return int(db.execute(sql, (seconds(start), seconds(end), DeliveryState.CANCELLED)).fetchone()[0])
