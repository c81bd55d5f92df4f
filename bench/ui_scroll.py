"""Measures one scroll frame of the table over 100,000 rows: run it as ``python -m bench.ui_scroll``."""

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QApplication

from ui.kit.paged_model import Cell, CellStyle, Column, PagedModel, TaskProvider
from ui.kit.style import apply
from ui.kit.table_view import TableView
from ui.kit.tokens import load_theme
from ui.kit.worker import Tasks

ROWS = 100_000
FRAMES = 400
STATES = (
    ("等待", "clock", "idle"),
    ("已派", "navigation", "accent"),
    ("完成", "circle-check", "ok"),
    ("超时", "warning", "danger"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; everything shown follows from its number."""

    number: int


def columns() -> list[Column[Row]]:
    return [
        Column("no", "单号", lambda r: Cell(f"QJ-{r.number:06}"), CellStyle.CODE, 120),
        Column("who", "顾客", lambda _: Cell("周女士"), CellStyle.STRONG, 100),
        Column("area", "地址", lambda r: Cell(f"滨江·云栖里 {r.number % 90} 幢"), CellStyle.MUTED),
        Column("goods", "货品", lambda r: Cell("护肤礼盒", sub=f"{r.number % 5 + 1} 件"), width=160),
        Column(
            "state", "状态", lambda r: Cell(STATES[r.number % 4][0], "", *STATES[r.number % 4][1:]), CellStyle.CHIP, 100
        ),
        Column("guide", "导购", lambda _: Cell("陈静"), width=90),
        Column("due", "承诺", lambda r: Cell(f"14:{r.number % 60:02}"), CellStyle.CODE, 80),
        Column("pay", "金额", lambda r: Cell(f"{r.number % 900}.00"), CellStyle.NUMBER, 100),
    ]


def rows(ids: Sequence[str]) -> list[Row]:
    return [Row(int(row_id)) for row_id in ids]


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    apply(app, load_theme("light"))
    tasks = Tasks()
    provider = TaskProvider(tasks, ids=lambda _: [str(n) for n in range(ROWS)], rows=rows)
    model = PagedModel(provider, columns())
    view = TableView(model, name="rows")
    view.resize(1280, 680)
    view.show()
    started = time.perf_counter()
    model.refresh()
    while not model.rowCount():
        app.processEvents()
    print(f"{ROWS} ids shown after {(time.perf_counter() - started) * 1000:.1f} ms")
    for step in (36, 400, 90_000):
        frames = [frame_ms(app, view, step * n) for n in range(FRAMES)]
        cuts = statistics.quantiles(frames, n=20)
        median, worst = statistics.median(frames), max(frames)
        print(f"step {step:>6} px: median {median:.2f} ms, p95 {cuts[18]:.2f} ms, worst {worst:.2f} ms")
    tasks.shutdown()


def frame_ms(app: QApplication, view: TableView[Row], value: int) -> float:
    bar = view.verticalScrollBar()
    started = time.perf_counter()
    bar.setValue(value % bar.maximum())
    app.processEvents()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
