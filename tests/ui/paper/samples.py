"""Papers of an invented store day, in the shapes that really occur."""

from datetime import UTC, date, datetime

from storeapp.domain.moment import Window
from storeapp.domain.paper import (
    BadgeContent,
    CountedShelf,
    DayCloseContent,
    GuideLabel,
    GuideTotals,
    MaskedRecipient,
    PaperLine,
    RunSheetContent,
    SlipContent,
    StillOut,
    Stop,
)
from storeapp.domain.statement import DayTotals
from storeapp.domain.words import Mode, Platform

DIGITS = ("31415926535897932384626433832795028841971693993751" * 4)[:198]
LINK = f"https://hub.shop.test/{DIGITS}"
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
EVENING = Window(datetime(2026, 11, 21, 10, 0, tzinfo=UTC), datetime(2026, 11, 21, 11, 30, tzinfo=UTC))
GUIDE = GuideLabel("G01", "赵艳芳")
LINES = (
    PaperLine("保湿精华液30ml", "BL-001", 1, "A-03"),
    PaperLine("舒缓面霜50g", "BL-002", 2, "A-11"),
    PaperLine("氨基酸洁面乳120g", "BL-003", 1),
)


def slip(**changes: object) -> SlipContent:
    """A usual slip, with whatever a test wants otherwise."""
    usual: dict[str, object] = {
        "store_name": "徐家汇店",
        "order_no": "3731220448217600",
        "platform": Platform.WEIXIN_SHOP,
        "mode": Mode.SCHEDULED,
        "window": EVENING,
        "lines": LINES,
        "recipient": MaskedRecipient("陈*", "138******12", "上海市徐汇区肇嘉浜路573弄10号***室"),
        "has_note": True,
        "guide": GUIDE,
        "reprint_no": 0,
        "printed_at": NOON,
        "qr_text": LINK,
        "short_code": "7K2F93QM",
        "weight_g": 2090,
    }
    return SlipContent(**{**usual, **changes})  # type: ignore[arg-type]  # names and types are checked at run time


def badge(**changes: object) -> BadgeContent:
    """A usual badge."""
    usual: dict[str, object] = {
        "guide": GUIDE,
        "store_name": "徐家汇店",
        "valid_until": date(2026, 12, 31),
        "qr_text": LINK,
        "short_code": "B4XK2P7D",
    }
    return BadgeContent(**{**usual, **changes})  # type: ignore[arg-type]  # names and types are checked at run time


def stop(number: int = 0, **changes: object) -> Stop:
    """A usual stop of a run."""
    usual: dict[str, object] = {
        "order_no": f"T{number:06d}",
        "name": "刘涵静",
        "phone": f"138001380{number % 100:02d}",
        "address": "上海市徐汇区淮海中路1308弄1号1302室",
        "note": "请放门卫,不要按门铃" if number % 3 == 1 else "",
        "window": EVENING,
        "pieces": 1 + number % 4,
        "code_digits": 4,
    }
    return Stop(**{**usual, **changes})  # type: ignore[arg-type]  # names and types are checked at run time


def run_sheet(count: int = 5) -> RunSheetContent:
    """A run of so many stops."""
    return RunSheetContent(GUIDE, "徐家汇店", NOON, tuple(stop(number) for number in range(count)))


def day_close(**changes: object) -> DayCloseContent:
    """A usual day, closed once."""
    usual: dict[str, object] = {
        "store_name": "徐家汇店",
        "day": date(2026, 11, 21),
        "totals": DayTotals(
            orders=80, delivered=61, on_time=55, open=14, cancelled=5, exceptions=4, earnings_fen=51200
        ),
        "guides": (GuideTotals(GUIDE, 12, 11, 9600), GuideTotals(GuideLabel("G04", "黄子"), 0, 0, 0)),
        "out": (StillOut("3731220448217600", "赵艳芳", 2),),
        "counted": (CountedShelf("保湿精华液30ml", "BL-001", -2, 18), CountedShelf("舒缓面霜50g", "BL-002", 0, 21)),
        "printed_at": NOON,
        "closed_at": NOON,
        "closed_by": "manager",
        "closings": 1,
    }
    return DayCloseContent(**{**usual, **changes})  # type: ignore[arg-type]  # names and types are checked at run time
