"""Commands of the handoff desk and after it: print, scan, deliver, bring back."""

from pathlib import Path

from storeapp.cli.output import Exit, Reply, clock_text
from storeapp.cli.parser import Commands
from storeapp.cli.session import Session
from storeapp.domain.delivery import Holder
from storeapp.domain.kernel import Refusal
from storeapp.domain.paper import Media
from storeapp.domain.verdict import ScanResult, Verdict
from storeapp.services import handoff, outcomes, slips
from storeapp.services.counter import Actor
from storeapp.services.handoff import HandoffResult
from storeapp.services.staff import actor_of

ROLLS_MM = (58, 80)


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("slip", slip)
    command.add_argument("delivery")
    command.add_argument("--parcel", type=int, default=1)
    command.add_argument("--out", type=paper_path, required=True, metavar="FILE")
    command.add_argument("--width", type=int, choices=ROLLS_MM)
    command = commands.add("badge", badge)
    command.add_argument("guide")
    command.add_argument("--out", type=paper_path, required=True, metavar="FILE")
    command.add_argument("--media", type=Media, choices=[m for m in Media if m is not Media.A4], default=Media.CARD)
    command = commands.add("run-sheet", run_sheet)
    command.add_argument("guide")
    command.add_argument("--out", type=paper_path, required=True, metavar="FILE")
    command.add_argument("--media", type=Media, choices=[Media.A4, Media.ROLL_80, Media.ROLL_58], default=Media.A4)
    _register_scans(commands)
    _register_outcomes(commands)


def _register_scans(commands: Commands) -> None:
    command = commands.add("scan", scan, keyless=True)
    command.add_argument("badge")
    command.add_argument("slip")
    command.add_argument("--supervisor", metavar="STAFF")
    command = commands.add("record", record, keyless=True)
    command.add_argument("guide")
    command.add_argument("delivery")
    command.add_argument("--parcel", type=int, default=1)
    command.add_argument("--reason", required=True, metavar="CODE")
    command.add_argument("--verdict", type=Verdict, choices=list(Verdict), required=True)


def _register_outcomes(commands: Commands) -> None:
    commands.add("code", code).add_argument("order")
    command = commands.add("deliver", deliver)
    command.add_argument("delivery")
    how = command.add_mutually_exclusive_group(required=True)
    how.add_argument("--code")
    how.add_argument("--reason", metavar="CODE")
    command = commands.add("fail", fail, keyless=True)
    command.add_argument("delivery")
    command.add_argument("--reason", required=True, metavar="CODE")
    command.add_argument("--returning", action="store_true")
    command = commands.add("return", bring_back, keyless=True)
    command.add_argument("delivery")
    command.add_argument("--reason", required=True, metavar="CODE")
    command = commands.add("pass-on", pass_on, keyless=True)
    command.add_argument("delivery")
    command.add_argument("holder", type=Holder, choices=[Holder.COURIER, Holder.PICKUP_POINT])
    command.add_argument("holder_id")


def paper_path(text: str) -> Path:
    """A file that a paper can be written to.

    Raises:
        ValueError: it ends neither in .pdf nor in .png.
    """
    path = Path(text)
    if path.suffix.lower() not in {".pdf", ".png"}:
        raise ValueError("a paper is written as .pdf or .png")
    return path


def slip(session: Session) -> Reply | Refusal:
    """Issue and paint a parcel's slip."""
    args = session.args
    painter, language = session.ports.painter(), session.words.language
    width = args.width or session.settings.slip_width_mm
    paper = slips.issue_slip(
        session.counter,
        session.actor,
        session.delivery(args.delivery),
        args.parcel,
        paint=lambda made: painter.slip(made.content, out=args.out, width_mm=width, language=language),
    )
    if isinstance(paper, Refusal):
        return paper
    data: dict[str, object] = {
        "delivery_id": paper.delivery_id,
        "parcel": paper.parcel,
        "token": paper.token,
        "qr_text": paper.qr_text,
        "short_code": paper.short_code,
        "reprint": paper.content.reprint_no,
        "file": str(args.out),
    }
    return Reply(data, (session.words.text("cli.painted", file=args.out), paper.qr_text))


def badge(session: Session) -> Reply | Refusal:
    """Issue and paint a guide's badge."""
    args = session.args
    painter, language = session.ports.painter(), session.words.language
    paper = slips.issue_badge(
        session.counter,
        session.actor,
        args.guide,
        paint=lambda made: painter.badge(made.content, out=args.out, media=args.media, language=language),
    )
    if isinstance(paper, Refusal):
        return paper
    data: dict[str, object] = {
        "guide": paper.guide,
        "token": paper.token,
        "qr_text": paper.qr_text,
        "short_code": paper.short_code,
        "valid_until": paper.content.valid_until,
        "file": str(args.out),
    }
    return Reply(data, (session.words.text("cli.painted", file=args.out), paper.qr_text))


def run_sheet(session: Session) -> Reply | Refusal:
    """Paint what a guide carries, with the customers in clear; who made it stands in the audit chain."""
    args = session.args
    painter = session.ports.painter()
    sheet = slips.run_sheet(session.counter, session.actor, args.guide)
    if isinstance(sheet, Refusal):
        return sheet
    painter.run_sheet(sheet, out=args.out, media=args.media, language=session.words.language)
    stops = [{"order_no": stop.order_no, "window": stop.window, "pieces": stop.pieces} for stop in sheet.stops]
    data: dict[str, object] = {"guide": args.guide, "stops": stops, "file": str(args.out)}
    return Reply(data, (session.words.text("cli.painted", file=args.out),))


def scan(session: Session) -> Reply | Refusal:
    """Judge a badge and a slip, and hand over where both are good."""
    args = session.args
    supervisor = _supervisor(session)
    if isinstance(supervisor, Refusal):
        return supervisor
    found = handoff.scan(session.counter, session.actor, args.badge, args.slip, supervisor=supervisor)
    if isinstance(found, Refusal):
        return found
    status = Exit.DONE if found.verdict is Verdict.OK else Exit.REFUSED
    return Reply(_scanned(found), _verdict_lines(session, found), status)


def _supervisor(session: Session) -> Actor | Refusal | None:
    return actor_of(session.counter, session.args.supervisor) if session.args.supervisor else None


def _scanned(found: HandoffResult) -> dict[str, object]:
    result: ScanResult = found.result
    return {
        "verdict": result.verdict.value,
        "severity": result.severity.value,
        "paper": found.paper.name.lower(),
        "saved": found.saved,
        "delivery_id": found.delivery_id,
        "parcel": found.parcel,
        "order_no": found.order_no,
        "guide": found.guide.code if found.guide else "",
        "by": result.by,
        "when": result.when,
        "minutes": result.minutes,
        "why": result.why,
        "may_override": result.may_override,
    }


def _verdict_lines(session: Session, found: HandoffResult) -> tuple[str, ...]:
    words, result = session.words, found.result
    data = {"guide": found.by.name if found.by else result.by or "", "time": clock_text(result.when)}
    parts = [words.text(f"verdict.{result.verdict}.{part}", **data) for part in ("title", "reason", "next")]
    if result.why:
        parts.append(words.text(f"verdict.malformed.why.{result.why}"))
    return tuple(parts)


def record(session: Session) -> Reply | Refusal:
    """Save a handoff in spite of a verdict."""
    args = session.args
    if not outcomes.is_reason(args.reason):
        return Refusal("bad_reason")
    delivery = session.delivery(args.delivery)
    refusal = handoff.record_what_happened(
        session.counter,
        session.actor,
        guide=args.guide,
        delivery_id=delivery,
        reason=args.reason,
        verdict=args.verdict.value,
        parcel=args.parcel,
    )
    return session.done(delivery, refusal)


def code(session: Session) -> Reply | Refusal:
    """Show the customer's pickup code."""
    order = session.order(session.args.order)
    found = outcomes.reveal_code(session.counter, session.actor, order)
    return found if isinstance(found, Refusal) else Reply({"order_id": order, "code": found}, (found,))


def deliver(session: Session) -> Reply | Refusal:
    """Say that the customer has it."""
    args, counter = session.args, session.counter
    delivery = session.delivery(args.delivery)
    if args.code is not None:
        return session.done(delivery, outcomes.deliver(counter, session.actor, delivery, args.code))
    return session.done(delivery, outcomes.deliver_without_code(counter, session.actor, delivery, args.reason))


def fail(session: Session) -> Reply | Refusal:
    """Say that the customer did not take it."""
    args = session.args
    delivery = session.delivery(args.delivery)
    result = outcomes.fail(session.counter, session.actor, delivery, args.reason, returning=args.returning)
    return session.done(delivery, result)


def bring_back(session: Session) -> Reply | Refusal:
    """Take parcels back at the counter."""
    args = session.args
    delivery = session.delivery(args.delivery)
    return session.done(delivery, outcomes.return_parcel(session.counter, session.actor, delivery, args.reason))


def pass_on(session: Session) -> Reply | Refusal:
    """Give parcels to a courier or a pickup point."""
    args = session.args
    delivery = session.delivery(args.delivery)
    result = outcomes.pass_on(session.counter, session.actor, delivery, args.holder, args.holder_id)
    return session.done(delivery, result)
