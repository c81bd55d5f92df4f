"""Commands about the shelves: list, receive, count, put right."""

from storeapp.cli.output import Reply, table
from storeapp.cli.parser import Commands
from storeapp.cli.session import Session
from storeapp.domain.kernel import Refusal
from storeapp.domain.stock import StockItem, stock_id
from storeapp.services import stock
from storeapp.services.outcomes import is_reason
from storeapp.services.rows import StockRow


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    commands.add("stock", list_stock, keyless=True).add_argument("--find", default="", metavar="TEXT")
    for name, run in (("receive", receive), ("count", count), ("adjust", adjust)):
        command = commands.add(name, run, keyless=True)
        command.add_argument("sku")
        command.add_argument("quantity", type=int, metavar="N")
    command.add_argument("--reason", required=True, metavar="CODE")


def list_stock(session: Session) -> Reply:
    """The shelves of this store."""
    rows = stock.stock_rows(session.counter, session.args.find)
    names = ("sku", "barcode", "name", "bin", "on_hand", "reserved", "unconfirmed", "available", "share", "counted_at")
    found = [{name: getattr(row, name) for name in names} for row in rows]
    lapsed = stock.share_lapsed(session.counter)
    words = session.words.text("cli.share_lapsed") if lapsed else ""
    listed = [(r.sku, r.name, r.bin, r.on_hand, _reserved(session, r), r.available) for r in rows]
    return Reply({"stock": found, "share_lapsed": lapsed}, rows=(*table(listed), *filter(None, (words,))))


def _reserved(session: Session, row: StockRow) -> str:
    """What is promised, and how much of it nobody has confirmed."""
    open_ones = session.words.text("cli.unconfirmed", n=row.unconfirmed) if row.unconfirmed else ""
    return " ".join(filter(None, (str(row.reserved), open_ones)))


def receive(session: Session) -> Reply | Refusal:
    """Pieces arrived."""
    sku = session.sku(session.args.sku)
    return _done(session, sku, stock.receive(session.counter, session.actor, sku, session.args.quantity))


def count(session: Session) -> Reply | Refusal:
    """The shelf was counted."""
    sku = session.sku(session.args.sku)
    return _done(session, sku, stock.count(session.counter, session.actor, sku, session.args.quantity))


def adjust(session: Session) -> Reply | Refusal:
    """Put the book right by a difference."""
    args = session.args
    if not is_reason(args.reason):
        return Refusal("bad_reason")
    sku = session.sku(args.sku)
    return _done(session, sku, stock.adjust(session.counter, session.actor, sku, args.quantity, args.reason))


def _done(session: Session, sku: str, result: object) -> Reply | Refusal:
    item = session.counter.cache.get(StockItem, stock_id(session.counter.store, sku))
    if isinstance(result, Refusal):
        return result
    names = ("on_hand", "reserved", "available")
    data: dict[str, object] = {"sku": sku} | {name: getattr(item, name) if item else 0 for name in names}
    return Reply(data, (session.words.text("cli.stock", **data),))
