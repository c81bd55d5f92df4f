"""The tables of ``cache.db``: states as rows, what depends on unconfirmed commands, and views for the screens."""

from sqlite_utils import Database

from storeapp.store import finder
from storeapp.store.migrate import statements


def _number_finders(db: Database) -> None:
    """Short hashes by number instead of long ones by id: written in half the time, and in a third of the room."""
    hashes = db.execute("SELECT hash, order_id FROM finder").fetchall()
    db.execute("DROP TABLE finder")
    db.execute("CREATE TABLE finder_order (n INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, hashes BLOB NOT NULL)")
    db.execute("CREATE TABLE finder (hash BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (hash, n)) WITHOUT ROWID")
    finder.add(db, finder.grouped(hashes))


MIGRATIONS = (
    statements(
        """CREATE TABLE state (
            kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
            base BLOB, version INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, id))""",
        # Which aggregates an unconfirmed command changed; a row without a base did not exist at the hub.
        """CREATE TABLE touch (
            n INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (n, kind, id)) WITHOUT ROWID""",
        "CREATE INDEX touch_key ON touch (kind, id)",
        "CREATE TABLE stale (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
        "CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE delivery_view (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL UNIQUE, order_no TEXT NOT NULL,
            platform TEXT NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL, mode TEXT NOT NULL,
            window_start TEXT NOT NULL, window_end TEXT NOT NULL, created_at TEXT NOT NULL, guide TEXT NOT NULL,
            eta TEXT, pieces INTEGER NOT NULL, weight_g INTEGER NOT NULL, needs TEXT NOT NULL,
            located INTEGER NOT NULL, finished_at TEXT, closed_at TEXT, is_sealed INTEGER NOT NULL)""",
        "CREATE INDEX delivery_by_state ON delivery_view (state, window_end)",
        "CREATE INDEX delivery_by_number ON delivery_view (order_no)",
        "CREATE INDEX delivery_by_age ON delivery_view (created_at)",
        "CREATE INDEX delivery_by_guide ON delivery_view (guide, state)",
        "CREATE INDEX delivery_needing ON delivery_view (id) WHERE needs <> '' AND status = 'open'",
        "CREATE INDEX delivery_to_forget ON delivery_view (closed_at) WHERE status <> 'open' AND is_sealed",
        """CREATE TABLE slip_view (
            slip_id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, parcel INTEGER NOT NULL,
            short_code TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX slip_by_code ON slip_view (short_code)",
        "CREATE INDEX slip_of ON slip_view (delivery_id)",
        """CREATE TABLE case_view (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, is_open INTEGER NOT NULL, opened_at TEXT NOT NULL,
            subject TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX case_open ON case_view (opened_at) WHERE is_open",
        """CREATE TABLE movement (
            n INTEGER PRIMARY KEY, item TEXT NOT NULL, movement TEXT NOT NULL, quantity INTEGER NOT NULL,
            at TEXT NOT NULL, reference TEXT NOT NULL, actor TEXT NOT NULL, command INTEGER NOT NULL)""",
        "CREATE INDEX movement_of ON movement (item, n)",
        """CREATE TABLE timeline (
            n INTEGER PRIMARY KEY, subject TEXT NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL,
            event TEXT NOT NULL, command INTEGER NOT NULL)""",
        "CREATE INDEX timeline_of ON timeline (subject, n)",
        "CREATE TABLE finder (hash BLOB NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (hash, order_id)) WITHOUT ROWID",
        "CREATE INDEX finder_of ON finder (order_id)",
        "CREATE VIRTUAL TABLE search USING fts5(words, tokenize = 'trigram', columnsize = 0)",
    ),
    # Few movements are counts, and the stock page asks for them at every change.
    statements("CREATE INDEX movement_counted ON movement (item, at) WHERE movement IN ('opening', 'counted')"),
    # The number on the rail is counted at every change: from the index alone, without a look at the rows.
    statements(
        "DROP INDEX delivery_needing",
        """CREATE INDEX delivery_needing ON delivery_view (needs, window_end, id)
            WHERE needs <> '' AND status = 'open'""",
    ),
    # What a map service said; places are keyed hashes.
    statements(
        """CREATE TABLE map_time (
            origin BLOB NOT NULL, place BLOB NOT NULL, mode TEXT NOT NULL, metres INTEGER NOT NULL,
            seconds INTEGER NOT NULL, asked_at TEXT NOT NULL, PRIMARY KEY (origin, mode, place)) WITHOUT ROWID""",
        "CREATE INDEX map_time_by_age ON map_time (asked_at)",
    ),
    statements(
        """CREATE TABLE held_view (
            id TEXT PRIMARY KEY, root TEXT NOT NULL, is_open INTEGER NOT NULL, at TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX held_open ON held_view (root, at, id) WHERE is_open",
    ),
    # What an unconfirmed command looked at without changing it: it is decided anew when that changes.
    statements(
        """CREATE TABLE reading (
            n INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (n, kind, id)) WITHOUT ROWID""",
        "CREATE INDEX reading_key ON reading (kind, id)",
    ),
    # Rows of the hub that only a newer program can read.
    statements(
        """CREATE TABLE unread (
            kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (kind, id)) WITHOUT ROWID""",
    ),
    _number_finders,
    # The slips of a delivery are only looked for where it goes, which is seldom.
    statements("DROP INDEX slip_of"),
    # A line holds what is asked for and no more, and full text keeps no copy of its words.
    statements(
        """CREATE TABLE line (
            n INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, order_no TEXT NOT NULL, state TEXT NOT NULL,
            status TEXT NOT NULL, window_start INTEGER NOT NULL, window_end INTEGER NOT NULL,
            created_at INTEGER NOT NULL, guide TEXT NOT NULL, pieces INTEGER NOT NULL, needs TEXT NOT NULL,
            finished_at INTEGER, closed_at INTEGER, is_sealed INTEGER NOT NULL, words TEXT NOT NULL,
            id TEXT NOT NULL AS (order_id || '-1') STORED)""",
        """INSERT INTO line (n, order_id, order_no, state, status, window_start, window_end, created_at, guide, pieces,
            needs, finished_at, closed_at, is_sealed, words)
            SELECT n, order_id, order_no, state, status, unixepoch(window_start), unixepoch(window_end),
            unixepoch(created_at), guide, pieces, needs, unixepoch(finished_at), unixepoch(closed_at), is_sealed,
            coalesce(words, '')
            FROM delivery_view LEFT JOIN search ON search.rowid = n""",
        "DROP TABLE search",
        "DROP TABLE delivery_view",
        "ALTER TABLE line RENAME TO delivery_view",
        "CREATE INDEX delivery_by_state ON delivery_view (state, window_end)",
        "CREATE INDEX delivery_by_number ON delivery_view (order_no)",
        "CREATE INDEX delivery_by_age ON delivery_view (created_at)",
        "CREATE INDEX delivery_by_guide ON delivery_view (guide, state) WHERE guide <> ''",
        "CREATE INDEX delivery_needing ON delivery_view (needs, window_end) WHERE needs <> '' AND status = 'open'",
        "CREATE INDEX delivery_to_forget ON delivery_view (closed_at) WHERE status <> 'open' AND is_sealed",
        """CREATE VIRTUAL TABLE search USING fts5(words, content = 'delivery_view', content_rowid = 'n',
            tokenize = 'trigram', columnsize = 0)""",
        "INSERT INTO search (search) VALUES ('rebuild')",
    ),
    # A short code follows from its slip's name, and is typed so seldom that all names are gone through for it.
    statements("DROP INDEX slip_by_code", "ALTER TABLE slip_view DROP COLUMN short_code"),
)
