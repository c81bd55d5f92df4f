"""What several rules share: exceptions and discrepancies, the load of an order, and stock below zero."""

from msgspec.structs import replace

from storeapp.domain.catalogue import Sku
from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionOpened
from storeapp.domain.kernel import Context, Data, Draft
from storeapp.domain.order import OrderLine
from storeapp.domain.stock import StockItem


def open_case(
    draft: Draft,
    ctx: Context,
    *,
    kind: ExceptionKind,
    code: str,
    subject: str,
    data: Data | None = None,
    case_id: str = "",
) -> None:
    """Open an exception; without ``case_id`` it is named after the command and the rule."""
    case = ExceptionCase(
        id=case_id or f"{ctx.command_id}/{code}",
        kind=kind,
        code=code,
        store=ctx.store,
        subject=subject,
        opened_at=ctx.now,
        opened_by=ctx.actor,
        data=data or {},
        opened_where=ctx.device,
    )
    draft.emit(ExceptionOpened(case.id, case))


def discrepancy(draft: Draft, ctx: Context, code: str, *, subject: str, data: Data | None = None) -> None:
    """A fact contradicts the state: the fact stands, and a person is asked, who is shown both sides."""
    both = {**_on_record(draft, subject), **(data or {})}
    open_case(draft, ctx, kind=ExceptionKind.DISCREPANCY, code=code, subject=subject, data=both)


def _on_record(draft: Draft, subject: str) -> Data:
    """How a delivery stood before the fact."""
    delivery = draft.before(Delivery, subject)
    if delivery is None:
        return {}
    custodian = delivery.parcels[0].custodian
    return {"was_state": delivery.state.value, "was_holder": custodian.holder_id or custodian.holder.value}


def load_of(draft: Draft, lines: tuple[OrderLine, ...]) -> tuple[int, int]:
    """Pieces and weight in grams; an unknown SKU weighs nothing, and the order says that it is unknown."""
    pieces = weight_g = 0
    for line in lines:
        sku = draft.get(Sku, line.sku)
        pieces += line.quantity
        weight_g += sku.weight_g * line.quantity if sku else 0
    return pieces, weight_g


def below_zero(draft: Draft, ctx: Context, item_id: str) -> None:
    """A fact took more than there was: it stands, and a person must count."""
    item = draft.get(StockItem, item_id)
    case_id = f"{item_id}/below_zero"
    known = draft.get(ExceptionCase, case_id)
    if item is not None and item.on_hand < 0 and not (known and known.open):
        open_case(
            draft,
            ctx,
            kind=ExceptionKind.DISCREPANCY,
            code="stock_below_zero",
            subject=item_id,
            data={"sku": item.sku, "quantity": item.on_hand},
            case_id=case_id,
        )


def without_reservations(lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
    """The same lines with nothing promised."""
    return tuple([replace(line, reserved=0) if line.reserved else line for line in lines])
