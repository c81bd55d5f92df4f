"""Measures the time from a slip's content to its PDF on disk (target: 100 ms), warm and with the first one apart."""

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.report import Figure, Report, percentile
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


def run() -> Report:
    """Paint slips into PDF files; the first one is told apart."""
    with tempfile.TemporaryDirectory() as folder:
        first, *rest = measure(Path(folder))
        size = (Path(folder) / "slip-1.pdf").stat().st_size
    return Report(
        "slip_pdf",
        (
            Figure("slip to PDF, median", statistics.median(rest), "ms", 100),
            Figure("slip to PDF, p95", percentile(rest, 0.95), "ms", 100),
            Figure("slip to PDF, the first", first, "ms"),
        ),
        {"bytes": size},
    )
