"""Commands about the shelves: list, receive, count, put right."""

from storeapp.cli.output import Reply, table
from storeapp.cli.parser import Commands
from storeapp.cli.session import Session
from storeapp.domain.kernel import Refusal
from storeapp.domain.stock import StockItem, stock_id
from storeapp.services import stock
from storeapp.services.outcomes import is_reason


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
    names = ("sku", "barcode", "name", "bin", "on_hand", "reserved", "available", "counted_at")
    found = [{name: getattr(row, name) for name in names} for row in rows]
    return Reply(
        {"stock": found}, rows=table([(r.sku, r.name, r.bin, r.on_hand, r.reserved, r.available) for r in rows])
    )


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
