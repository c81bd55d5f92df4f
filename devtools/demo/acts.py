"""What a counter's process can be asked to do: each act is a use-case of the services, with plain results."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import Window, store_day, utc
from storeapp.domain.paper import Media
from storeapp.domain.words import Role
from storeapp.services import attention, day, dispatch, handoff, intake, orders, outcomes, queries, slips, stock
from storeapp.services.counter import Actor, Counter
from storeapp.services.guides import guide_rows
from storeapp.store.lists import OrderFilter
from sync.engine import SyncEngine
from ui.paper.port import Painter

MANAGER = Actor("manager", Role.MANAGER)
SLIPS = ((".pdf", 80, "zh_CN"), ("-80.png", 80, "zh_CN"), ("-58.png", 58, "zh_CN"), ("-en.png", 80, "en"))
"""Ending, width and language of each picture of a slip."""
Act = Callable[..., Any]


def _import(counter: Counter, files: list[str], *, dry_run: bool = False) -> dict[str, Any]:
    report = intake.import_orders(counter, MANAGER, intake.read_files(map(Path, files)), dry_run=dry_run)
    return asdict(report)


def _waiting(counter: Counter) -> list[dict[str, Any]]:
    wanted = OrderFilter(states=(DeliveryState.WAITING,), sort="window_end", descending=False)
    return [_row(counter, key) for key in queries.order_ids(counter, wanted)]


def _row(counter: Counter, key: str) -> dict[str, Any]:
    row = queries.order_rows(counter, [key])[0]
    if row is None:
        return {}
    window = [row.window.start.isoformat(), row.window.end.isoformat()]
    return {"id": row.id, "order_id": row.order_id, "state": row.state, "guide": row.guide, "window": window}


def _delivery(counter: Counter, delivery: str) -> dict[str, Any]:
    return _row(counter, delivery)


def _dispatch(counter: Counter, only: list[str]) -> dict[str, Any]:
    """Propose for everything, accept what concerns these deliveries."""
    proposal = dispatch.propose(counter, PyvrpPlanner())
    wanted = tuple(item for item in proposal.assignments if item.delivery_id in only)
    applied = dispatch.apply(counter, MANAGER, replace(proposal, assignments=wanted))
    planned = {item.delivery_id: item.guide for item in wanted if item.delivery_id in applied.done}
    return {"planned": planned, "refused": len(applied.refused), "unassigned": len(proposal.unassigned)}


def _assign(counter: Counter, delivery: str, guide: str) -> Any:
    return _plain(dispatch.assign(counter, MANAGER, delivery, guide))


def _reschedule(counter: Counter, order: str, window: list[str]) -> Any:
    start, end = (utc(datetime.fromisoformat(moment)) for moment in window)
    return _plain(orders.reschedule(counter, MANAGER, order, Window(start, end)))


def _slip(counter: Counter, delivery: str, out: str = "") -> Any:
    paper = slips.issue_slip(counter, MANAGER, delivery)
    if isinstance(paper, Refusal):
        return paper
    for ending, width_mm, language in SLIPS if out else ():
        Painter().slip(paper.content, out=Path(f"{out}{ending}"), width_mm=width_mm, language=language)
    return {"token": paper.token, "qr_text": paper.qr_text}


def _badge(counter: Counter, guide: str, out: str = "") -> Any:
    paper = slips.issue_badge(counter, MANAGER, guide)
    if isinstance(paper, Refusal):
        return paper
    if out:
        Painter().badge(paper.content, out=Path(f"{out}.png"), media=Media.CARD, language="zh_CN")
    return {"token": paper.token}


def _run_sheet(counter: Counter, guide: str, out: str) -> Any:
    content = slips.run_sheet(counter, MANAGER, guide)
    if isinstance(content, Refusal):
        return content
    Painter().run_sheet(content, out=Path(f"{out}.pdf"), media=Media.A4, language="zh_CN")
    return {"stops": len(content.stops)}


def _scan(counter: Counter, badge: str, slip: str) -> Any:
    found = handoff.scan(counter, MANAGER, badge, slip)
    return found if isinstance(found, Refusal) else {"verdict": found.verdict, "saved": found.saved}


def _deliver(counter: Counter, delivery: str, order: str) -> Any:
    """The customer says the code that the counter could show; asking for it is audited."""
    code = outcomes.reveal_code(counter, MANAGER, order)
    return code if isinstance(code, Refusal) else _plain(outcomes.deliver(counter, MANAGER, delivery, code))


def _give_back(counter: Counter, delivery: str, reason: str) -> Any:
    return _plain(outcomes.return_parcel(counter, MANAGER, delivery, reason))


def _report(counter: Counter, delivery: str, kind: str) -> Any:
    return _plain(attention.report(counter, MANAGER, delivery, ExceptionKind(kind)))


def _count(counter: Counter, sku: str, quantity: int) -> Any:
    return _plain(stock.count(counter, MANAGER, sku, quantity))


def _receive(counter: Counter, sku: str, quantity: int) -> Any:
    return _plain(stock.receive(counter, MANAGER, sku, quantity))


def _stock(counter: Counter) -> dict[str, int]:
    return {row.sku: row.on_hand for row in stock.stock_rows(counter)}


def _guides(counter: Counter) -> list[dict[str, Any]]:
    return [{"id": row.id, "name": row.name, "on_shift": row.on_shift} for row in guide_rows(counter)]


def _attention(counter: Counter) -> list[dict[str, Any]]:
    rows = attention.attention_rows(counter)
    return [{"id": r.id, "source": r.source, "code": r.code, "delivery": r.delivery_id, "root": r.root} for r in rows]


def _accept(counter: Counter, command: str) -> Any:
    return _plain(attention.accept_refusal(counter, MANAGER, command))


def _close_day(counter: Counter) -> Any:
    return _plain(day.close_day(counter, MANAGER, store_day(counter.clock.now())))


def _enrol(counter: Counter, hub: str, code: str) -> dict[str, Any]:
    SyncEngine().enrol(counter, url=hub, code=code)
    return {"device": counter.device}


def _sync(counter: Counter) -> dict[str, Any]:
    report = asdict(SyncEngine().once(counter))
    return report | {"received_at": None}


def _plain(result: Any) -> Any:
    return result if isinstance(result, Refusal) else {"done": True}


ACTS: dict[str, Act] = {
    "import": _import,
    "waiting": _waiting,
    "delivery": _delivery,
    "dispatch": _dispatch,
    "assign": _assign,
    "reschedule": _reschedule,
    "slip": _slip,
    "badge": _badge,
    "run_sheet": _run_sheet,
    "scan": _scan,
    "deliver": _deliver,
    "return": _give_back,
    "report": _report,
    "count": _count,
    "receive": _receive,
    "stock": _stock,
    "guides": _guides,
    "attention": _attention,
    "accept": _accept,
    "close_day": _close_day,
    "enrol": _enrol,
    "sync": _sync,
}
"""Act by name; its arguments are those of the function."""
