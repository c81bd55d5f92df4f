"""Commands about guides and staff: lists, shifts, badges that were lost, who may sign in."""

import sys
from datetime import date, time
from getpass import getpass

from storeapp.cli.output import Reply, table
from storeapp.cli.parser import Commands, UsageError
from storeapp.cli.session import Session
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.words import Role
from storeapp.services import guides, shifts, staff


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    commands.add("guides", list_guides, keyless=True).add_argument("--day", type=date.fromisoformat)
    command = commands.add("shift", shift, keyless=True)
    command.add_argument("guide")
    command.add_argument("--day", type=date.fromisoformat)
    command.add_argument("--from", dest="start", type=time.fromisoformat, metavar="HH:MM")
    command.add_argument("--to", dest="end", type=time.fromisoformat, metavar="HH:MM")
    command.add_argument("--off", action="store_true")
    commands.add("revoke-badge", revoke_badge, keyless=True).add_argument("guide")
    commands.add("staff", list_staff, keyless=True)
    command = commands.add("hire", hire, keyless=True)
    command.add_argument("id")
    command.add_argument("name")
    command.add_argument("--role", type=Role, choices=list(Role), default=Role.STAFF)
    commands.add("dismiss", dismiss, keyless=True).add_argument("id")
    commands.add("pin", set_pin, keyless=True).add_argument("id")


def list_guides(session: Session) -> Reply:
    """The guides of this store on one day."""
    rows = guides.guide_rows(session.counter, session.args.day)
    names = ("id", "name", "mode", "active", "window", "on_shift", "max_parcels", "max_weight_g", "certificates")
    more = ("assigned", "in_custody", "delivered", "earnings_fen", "badge_until", "badge_serial", "guest_of", "away")
    found = [{name: getattr(row, name) for name in (*names, *more)} for row in rows]
    lines = [(row.id, row.name, row.assigned, row.in_custody, row.delivered) for row in rows]
    return Reply({"guides": found}, rows=table(lines))


def shift(session: Session) -> Reply | Refusal:
    """Set a guide's hours of one day."""
    args = session.args
    day = args.day or store_day(session.clock.now())
    if args.off:
        result = shifts.set_off(session.counter, session.actor, args.guide, day)
    elif args.start is None or args.end is None:
        raise UsageError("--from and --to, or --off")
    else:
        result = shifts.set_hours(session.counter, session.actor, args.guide, day, start=args.start, end=args.end)
    return result if isinstance(result, Refusal) else _done(session, guide=args.guide, day=day)


def revoke_badge(session: Session) -> Reply | Refusal:
    """Void a guide's badge."""
    result = guides.revoke_badge(session.counter, session.actor, session.args.guide)
    return result if isinstance(result, Refusal) else _done(session, guide=session.args.guide)


def list_staff(session: Session) -> Reply:
    """Who may sign in."""
    rows = staff.staff_rows(session.counter)
    found = [
        {
            "id": row.id,
            "name": row.name,
            "role": row.role.value,
            "active": row.active,
            "has_pin": staff.has_pin(session.counter, row.id),
        }
        for row in rows
    ]
    return Reply({"staff": found}, rows=table([(row.id, row.name, row.role) for row in rows if row.active]))


def hire(session: Session) -> Reply | Refusal:
    """Let a person sign in, or change name and role."""
    args = session.args
    result = staff.register(session.counter, session.actor, args.id, name=args.name, role=args.role)
    return result if isinstance(result, Refusal) else _done(session, id=args.id, role=args.role.value)


def dismiss(session: Session) -> Reply | Refusal:
    """Let a person sign in no longer."""
    result = staff.end(session.counter, session.actor, session.args.id)
    return result if isinstance(result, Refusal) else _done(session, id=session.args.id)


def set_pin(session: Session) -> Reply | Refusal:
    """Give a person a PIN, read from the terminal or a pipe, because arguments are there for everybody to see."""
    pin = read_secret(session.words.text("cli.ask_pin"))
    refusal = staff.set_pin(session.counter, session.actor, session.args.id, pin)
    return refusal or _done(session, id=session.args.id)


def read_secret(prompt: str) -> str:
    """One line from a person who types unseen, or from a pipe."""
    return (getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()).strip()


def _done(session: Session, **data: object) -> Reply:
    return Reply(data, (session.words.text("cli.done"),))
