"""Commands about orders and who has them: import, lists, assign, change, call off."""

from dataclasses import asdict
from pathlib import Path

from storeapp.cli.output import Exit, Reply, clock_text, table
from storeapp.cli.parser import Commands, UsageError, instant
from storeapp.cli.session import Session
from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import Window
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.domain.words import Mode
from storeapp.services import attention, dispatch, intake, orders, queries
from storeapp.services.outcomes import is_reason
from storeapp.store.lists import OrderFilter


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("import", import_files)
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--dry-run", action="store_true")
    command = commands.add("orders", list_orders, keyless=True)
    command.add_argument("--state", action="append", choices=[state.value for state in DeliveryState], default=[])
    command.add_argument("--open", action="store_true", dest="open_only")
    command.add_argument("--find", default="", metavar="TEXT")
    command.add_argument("--limit", type=int, default=-1)
    command = commands.add("assign", assign, keyless=True)
    command.add_argument("delivery")
    command.add_argument("guide")
    commands.add("unassign", unassign, keyless=True).add_argument("delivery")
    _register_changes(commands)
    _register_questions(commands)


def _register_changes(commands: Commands) -> None:
    command = commands.add("cancel", cancel, keyless=True)
    command.add_argument("order")
    command.add_argument("--reason", required=True, metavar="CODE")
    command = commands.add("reschedule", reschedule, keyless=True)
    command.add_argument("order")
    command.add_argument("--from", dest="start", type=instant, required=True, metavar="ISO")
    command.add_argument("--to", dest="end", type=instant, required=True, metavar="ISO")
    command.add_argument("--mode", type=Mode, choices=list(Mode))
    command = commands.add("locate", locate)
    command.add_argument("order")
    command.add_argument("lat", type=float)
    command.add_argument("lng", type=float)
    commands.add("retry", retry, keyless=True).add_argument("delivery")
    command = commands.add("split", split, keyless=True)
    command.add_argument("delivery")
    command.add_argument("parcels", type=int)


def _register_questions(commands: Commands) -> None:
    command = commands.add("exception", report, keyless=True)
    command.add_argument("delivery")
    command.add_argument("--kind", type=ExceptionKind, choices=list(ExceptionKind), required=True)
    commands.add("attention", list_attention, keyless=True)
    command = commands.add("resolve", resolve, keyless=True)
    command.add_argument("exception")
    command.add_argument("--resolution", required=True, metavar="CODE")


def import_files(session: Session) -> Reply:
    """Take orders on from files."""
    args = session.args
    read = intake.read_files(args.files)
    report = intake.import_orders(session.counter, session.actor, read, dry_run=args.dry_run)
    counts = ("orders", "imported", "updated", "cancelled", "unchanged", "other_store")
    data: dict[str, object] = {name: getattr(report, name) for name in counts}
    data["attention"] = [{"order_no": each.order_no, "codes": list(each.codes)} for each in report.attention]
    data["errors"] = [asdict(error) for error in report.errors]
    data["skipped"] = [asdict(error) for error in report.skipped]
    words = session.words
    lines = [words.text("cli.imported", **{name: data[name] for name in counts})]
    lines += [_row_error(session, asdict(error)) for error in report.errors]
    return Reply(data, tuple(lines), Exit.REFUSED if report.errors else Exit.DONE)


def _row_error(session: Session, error: dict[str, object]) -> str:
    code = f"error.{error['code']}"
    text = session.words.text(code) if session.words.has(code) else str(error["code"])
    return session.words.text("cli.row_error", **(error | {"text": text}))


def list_orders(session: Session) -> Reply:
    """All orders, or those that fit."""
    args, counter = session.args, session.counter
    states = tuple(DeliveryState(state) for state in args.state)
    wanted = OrderFilter(text=args.find, states=states, open_only=args.open_only, limit=args.limit)
    rows = [row for row in queries.order_rows(counter, queries.order_ids(counter, wanted)) if row is not None]
    known = counter.cache.many(Order, [row.order_id for row in rows])
    found = [
        {
            "id": row.order_id,
            "order_no": row.order_no,
            "platform": row.platform.value,
            "delivery_id": row.id,
            "state": row.state.value,
            "status": row.status.value,
            "mode": row.mode.value,
            "window": row.window,
            "guide": row.guide,
            "eta": row.eta,
            "located": row.located,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in known[row.order_id].lines],
            "needs": list(row.needs),
        }
        for row in rows
    ]
    words = session.words
    lines = [(row.order_no, words.text(f"state.{row.state}"), clock_text(row.window.end), row.guide) for row in rows]
    return Reply({"orders": found}, rows=table(lines))


def assign(session: Session) -> Reply | Refusal:
    """Make a guide responsible."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, dispatch.assign(session.counter, session.actor, delivery, session.args.guide))


def unassign(session: Session) -> Reply | Refusal:
    """Take the guide off again."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, dispatch.unassign(session.counter, session.actor, delivery))


def cancel(session: Session) -> Reply | Refusal:
    """Call an order off."""
    if not is_reason(session.args.reason):
        return Refusal("bad_reason")
    order = session.order(session.args.order)
    result = orders.cancel(session.counter, session.actor, order, session.args.reason)
    return _order_done(session, order, result)


def _order_done(session: Session, order: str, result: object) -> Reply | Refusal:
    known = session.counter.cache.get(Order, order)
    return session.done(known.delivery_id if known else "", result)


def reschedule(session: Session) -> Reply | Refusal:
    """Promise another window."""
    args = session.args
    if args.end < args.start:
        raise UsageError("--to is before --from")
    order = session.order(args.order)
    window = Window(args.start, args.end)
    return _order_done(session, order, orders.reschedule(session.counter, session.actor, order, window, args.mode))


def locate(session: Session) -> Reply | Refusal:
    """Say where an order goes, in WGS-84."""
    try:
        position = Position(session.args.lat, session.args.lng)
    except ValueError as error:
        raise UsageError("not a position on the globe") from error
    order = session.order(session.args.order)
    return _order_done(session, order, orders.put_on_map(session.counter, session.actor, order, position))


def retry(session: Session) -> Reply | Refusal:
    """Let a returned delivery go out again."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, orders.retry(session.counter, session.actor, delivery))


def split(session: Session) -> Reply | Refusal:
    """Pack the goods in several parcels."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, orders.split(session.counter, session.actor, delivery, session.args.parcels))


def report(session: Session) -> Reply | Refusal:
    """Say that something is wrong with a delivery."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, attention.report(session.counter, session.actor, delivery, session.args.kind))


def list_attention(session: Session) -> Reply:
    """What waits for a person."""
    rows = attention.attention_rows(session.counter)
    names = ["id", "source", "code", "at", "subject", "order_no", "delivery_id", "data", "device", "root", "choices"]
    found = [{name: getattr(row, name) for name in names} for row in rows]
    return Reply({"attention": found}, rows=table([(row.source, row.code, row.order_no, row.id) for row in rows]))


def resolve(session: Session) -> Reply | Refusal:
    """Say what was decided about an exception, or about a command that the hub did not apply."""
    args = session.args
    if not is_reason(args.resolution):
        return Refusal("bad_reason")
    result = attention.decide_any(session.counter, session.actor, args.exception, args.resolution)
    return (
        result
        if isinstance(result, Refusal)
        else Reply({"exception": args.exception}, (session.words.text("cli.done"),))
    )
