"""Measures the time from a slip's content to its PDF on disk (target: 100 ms), warm and with the first one apart."""

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from storeapp.domain.moment import Window
from storeapp.domain.paper import GuideLabel, MaskedRecipient, PaperLine, SlipContent
from storeapp.domain.words import Mode, Platform
from ui.paper.port import Painter

ROUNDS = 50
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SLIP = SlipContent(
    store_name="徐家汇店",
    order_no="3731220448217600",
    platform=Platform.WEIXIN_SHOP,
    mode=Mode.SCHEDULED,
    window=Window(NOON, NOON.replace(hour=6)),
    lines=tuple(PaperLine(f"保湿精华液{size}ml", f"BL-{size:03d}", 1, "A-03") for size in (30, 50, 100)),
    recipient=MaskedRecipient("陈*", "138******12", "上海市徐汇区肇嘉浜路573弄10号***室"),
    has_note=True,
    guide=GuideLabel("G01", "赵艳芳"),
    reprint_no=0,
    printed_at=NOON,
    qr_text="https://hub.shop.test/" + "3141592653589793" * 12 + "238462",
    short_code="7K2F93QM",
    weight_g=2090,
)


def measure(folder: Path) -> list[float]:
    """Milliseconds of each slip; the first one also starts Qt and reads the fonts."""
    painter, times_ms = Painter(), []
    for number in range(ROUNDS + 1):
        started = time.perf_counter()
        painter.slip(SLIP, out=folder / f"slip-{number}.pdf", width_mm=80, language="zh_CN")
        times_ms.append((time.perf_counter() - started) * 1000)
    return times_ms


def main() -> int:
    """Print the times; 1 when the median misses the target."""
    with tempfile.TemporaryDirectory() as folder:
        first, *rest = measure(Path(folder))
        size = (Path(folder) / "slip-1.pdf").stat().st_size
    p95 = statistics.quantiles(rest, n=20)[-1]
    median = statistics.median(rest)
    sys.stdout.write(f"slip to PDF: first {first:.0f} ms, median {median:.1f} ms, p95 {p95:.1f} ms, {size} bytes\n")
    return 0 if median <= 100 else 1


if __name__ == "__main__":
    raise SystemExit(main())
