"""Draws every part in both languages and all themes: ``python -m tests.ui.kit.gallery FOLDER``."""

import os
import sys
from datetime import datetime
from itertools import product
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from storeapp.i18n import LANGUAGES, Translator
from tests.ui.kit import samples
from ui.kit.actions import Action, ActionRegistry
from ui.kit.board import BoardColumn, Columns
from ui.kit.cards import VerdictKind
from ui.kit.charts import Point, bar_chart, line_chart
from ui.kit.errors import ErrorDialog
from ui.kit.forms import Form, FormDialog
from ui.kit.frame import RailEntry, SyncState
from ui.kit.icons import icon_names
from ui.kit.lanes import Lanes
from ui.kit.messages import Level
from ui.kit.paged_model import Cell, CellStyle, Column, PagedModel
from ui.kit.parts import Button, IconLabel, Segments, hbox, heading, label, panel, vbox
from ui.kit.shell import MainShell
from ui.kit.shortcuts import KeyGroup, ShortcutSheet
from ui.kit.style import apply
from ui.kit.table_view import TableView
from ui.kit.tokens import THEME_NAMES, load_theme
from ui.kit.verdict import VerdictView

RAIL = (
    ("route", "派单", "派单台", "Send", "Dispatch"),
    ("scan", "交接", "交接台", "Hand", "Handoff desk"),
    ("orders", "订单", "订单", "Orders", "Orders"),
    ("boxes", "库存", "库存", "Stock", "Stock"),
    ("users", "导购", "导购与班次", "Guides", "Guides and shifts"),
    ("bell", "待办", "待处理", "To do", "Needs attention"),
    ("sync", "同步", "同步", "Sync", "Sync"),
    ("chart", "日结", "日结", "Close", "Day close"),
    ("settings", "设置", "设置", "Setup", "Settings"),
)
COLUMNS = (
    ("waiting", "待派", "Waiting", True),
    ("assigned", "已派", "Assigned", False),
    ("custody", "在途", "In custody", False),
    ("attention", "待处理", "Attention", False),
)


class Words:
    """Picks one of two languages for sample texts."""

    def __init__(self, language):
        self.translator = Translator(language)
        self.language = language

    def __call__(self, zh, en):
        return zh if self.language == "zh_CN" else en


class SamplePage(QWidget):
    """A page around any widget."""

    def __init__(self, title, body, keys=()):
        super().__init__()
        self._title, self._keys = title, keys
        vbox(self).addWidget(body)

    def title(self):
        return self._title

    def keys(self):
        return self._keys

    def on_shown(self):
        pass


class InstantProvider:
    """Answers at once from a list."""

    def __init__(self, rows):
        self._rows = rows

    def load_ids(self, order, done, failed):
        done([str(number) for number in range(len(self._rows))])

    def load_rows(self, ids, done, failed):
        done([self._rows[int(row_id)] for row_id in ids])


def shell(say, index, body, keys=()):
    actions = ActionRegistry(say.translator)
    window = MainShell(say.translator, actions, title="storeapp")
    actions.add(Action("sample.undo", "kit.undo", lambda: None, icon="undo", shortcut="Ctrl+Z"), window)
    for number, (icon, short, name, short_en, name_en) in enumerate(RAIL):
        entry = RailEntry(icon, icon, say(short, short_en), say(name, name_en), at_end=icon == "settings")
        page = SamplePage(entry.name, body if number == index else QWidget(), keys)
        window.add_page(entry, page)
    window.show_where(say("滨江店 · 11 月 22 日 周日 · 早班", "Binjiang store · Sun 22 Nov · early shift"))
    window.show_sync(SyncState.OFFLINE, 12)
    window.show_person(say("李店长", "Manager Li"))
    window.say(Level.DONE, say("已派 2289 给赵敏", "2289 is assigned to Zhao Min"), undoable=True)
    window.show_page(RAIL[index][0])
    return window


def board(say):
    columns = [BoardColumn(key, say(zh, en), say("没有配送单", "Nothing here"), back) for key, zh, en, back in COLUMNS]
    page = QWidget()
    made = Columns(columns, page)
    row = hbox(page, margins=(10, 10, 10, 10), gap=10)
    for column in made.panels:
        row.addWidget(column.frame, 1)
    made.set_cards(samples.board(say.language))
    made.select("d2291")
    return page


def dispatch(say):
    keys = [
        ("↑ ↓ ← →", say("选单", "Choose")),
        ("Enter", say("接受建议", "Accept proposal")),
        ("1–5", say("派给第几位导购", "Assign to guide")),
        ("Del", say("收回", "Take back")),
        ("Ctrl Z", say("撤销", "Undo")),
    ]
    return shell(say, 0, board(say), keys)


def lanes(say):
    made = Lanes(name=say("导购时间轴", "Guides' day"))
    made.set_lanes(samples.lanes(say.language), from_min=12 * 60, to_min=18 * 60)
    made.set_now(samples.NOW_MIN, "14:12")
    made.show_selected("d2291")
    frame = panel()
    column = vbox(frame, margins=(1, 8, 1, 1), gap=2)
    column.addLayout(heading(say("导购时间轴", "Guides' day")))
    column.addWidget(made, 1)
    frame.resize(920, 348)
    return frame


def handoff(say, kind):
    body = QWidget()
    row = hbox(body, margins=(10, 10, 10, 10), gap=10)
    left = vbox(gap=10)
    view = VerdictView(say.translator)
    if kind != VerdictKind.IDLE:
        view.show_verdict(samples.verdict(kind, say.translator))
    left.addWidget(view, 1)
    goods = panel()
    goods.setFixedHeight(200)
    lines = vbox(goods, margins=(0, 10, 0, 6), gap=0)
    lines.addLayout(heading(say("本单货品", "Goods"), label(say("应取 3 · 已核 3", "3 due, 3 checked"), "soft")))
    for name, code in (
        (say("保湿精华 50ml", "Serum 50 ml"), "6901 2345 0012"),
        (say("修护面霜 30g", "Cream 30 g"), "6901 2345 0029"),
        (say("礼盒手提袋", "Gift bag"), "6901 2345 0104"),
    ):
        line = hbox(margins=(14, 0, 14, 0))
        line.addWidget(IconLabel("check", "ok", 18))
        line.addWidget(label(name))
        line.addStretch(1)
        line.addWidget(label(code, "muted"))
        line.addWidget(label("1 / 1", "strong"))
        lines.addLayout(line, 1)
    left.addWidget(goods)
    row.addLayout(left, 1)
    side = panel()
    side.setFixedWidth(318)
    column = vbox(side, margins=(14, 12, 14, 12))
    column.addWidget(label(say("刚才的扫描", "Last scans"), "strong"))
    for icon, ink, zh, en in (
        ("circle-check", "ok", "2291 周女士", "2291 Ms Zhou"),
        ("circle-pause", "warn", "2294 李先生", "2294 Mr Li"),
        ("octagon-x", "danger", "2291 重复领取", "2291 taken twice"),
    ):
        line = hbox(margins=(0, 12, 0, 12), gap=10)
        line.addWidget(IconLabel(icon, ink, 18))
        line.addWidget(label(say(zh, en)), 1)
        line.addWidget(label("14:12", "strong"))
        column.addLayout(line)
    column.addStretch(1)
    for icon, zh, en in (
        ("undo", "撤销刚才的交接", "Undo the last handoff"),
        ("keyboard", "手输短码", "Type the short code"),
        ("shield", "记录实际情况", "Record what happened"),
    ):
        column.addWidget(Button(say(zh, en), kind="desk", icon=icon))
    row.addWidget(side)
    keys = [
        (say("扫码", "Scan"), say("直接扫，不用点输入框", "just scan, no field to click")),
        ("Ctrl Z", say("撤销交接", "Undo handoff")),
        ("F10", say("记录实际情况", "Record what happened")),
    ]
    return shell(say, 1, body, keys)


def table(say):
    names = [(c.customer, c.area, c.goods) for cards in samples.board(say.language).values() for c in cards]
    states = [
        Cell(say("待派", "Waiting"), icon="clock", tone="idle"),
        Cell(say("已派", "Assigned"), icon="user", tone="accent"),
        Cell(say("在途", "In custody"), icon="navigation", tone="accent"),
        Cell(say("已送达", "Delivered"), icon="circle-check", tone="ok"),
        Cell(say("超时", "Late"), icon="warning", tone="danger"),
        Cell(say("缺货", "No stock"), icon="package-off", tone="warn"),
    ]
    columns = [
        Column("no", say("单号", "Order"), lambda n: Cell(f"QJ-{2291 + n}"), CellStyle.CODE, 100),
        Column("who", say("顾客", "Customer"), lambda n: Cell(names[n % 10][0]), CellStyle.STRONG, 110),
        Column("area", say("地址", "Address"), lambda n: Cell(names[n % 10][1]), CellStyle.MUTED),
        Column("goods", say("货品", "Goods"), lambda n: Cell(names[n % 10][2], sub=f"SKU 69012{n:04}"), width=230),
        Column("state", say("状态", "State"), lambda n: states[n % 6], CellStyle.CHIP, 130),
        Column("due", say("承诺", "Promise"), lambda n: Cell(f"14:{n % 60:02}"), CellStyle.CODE, 90),
        Column("pay", say("金额", "Amount"), lambda n: Cell(f"{128 + 37 * n % 900}.00"), CellStyle.NUMBER, 110),
    ]
    model = PagedModel(InstantProvider(list(range(400))), columns)
    model.sort(5)
    view = TableView(model, name=say("订单", "Orders"))
    model.setParent(view)
    view.pick("3")
    body = QWidget()
    column = vbox(body, margins=(10, 10, 10, 10), gap=10)
    frame = panel()
    inner = vbox(frame, margins=(1, 10, 1, 1))
    choices = [
        ("all", say("全部 400", "All 400")),
        ("late", say("超时 2", "Late 2")),
        ("none", say("缺货 1", "No stock 1")),
    ]
    filters = Segments(choices, name=say("筛选", "Filter"))
    inner.addLayout(heading(say("订单", "Orders"), filters, Button(say("导入文件", "Import files"), icon="import")))
    inner.addWidget(view, 1)
    column.addWidget(frame)
    window = shell(
        say,
        2,
        body,
        [("↑ ↓", say("选单", "Choose")), ("Enter", say("打开", "Open")), ("Ctrl P", say("打印交接单", "Print slip"))],
    )
    window.show_progress(say("正在重建缓存", "Rebuilding the cache"), 61_240, 100_000)
    return window


def form(say):
    made = Form()
    made.add_text("name", say("收件人", "Recipient"), value=say("周女士", "Ms Zhou"))
    made.add_code("phone", say("手机", "Phone"), value="1380013800")
    made.add_number("count", say("件数", "Items"), value=2, unit=say("件", "pcs"))
    choices = [("instant", say("即时送", "Instant")), ("scheduled", say("预约送", "Scheduled"))]
    made.add_choice("mode", say("方式", "Mode"), choices=choices, value="scheduled")
    made.add_moment("when", say("承诺时间", "Promised for"), value=datetime(2026, 11, 22, 14, 40))  # noqa: DTZ001 - local
    made.add_note("note", say("备注", "Note"), value=say("放前台", "Leave at the desk"))
    title = say("手工录单", "Type an order")
    dialog = FormDialog(say.translator, made, title=title, accept=say("保存订单", "Save order"))
    dialog.add_remark(say("保存后进入待派列", "It appears among the waiting deliveries"))
    made.show_errors({"phone": say("手机号应为 11 位，现在是 10 位", "A phone number has 11 digits; this one has 10")})
    return dialog


def charts(say):
    frame = panel()
    grid = vbox(frame, margins=(16, 14, 16, 12), gap=12)
    grid.addWidget(label(say("每小时送达", "Delivered by hour"), "strong"))
    bars = bar_chart(say("每小时送达", "Delivered by hour"))
    counts = (3, 7, 12, 9, 14, 6, 4)
    bars.set_points([Point(f"{9 + n}:00", c, str(c)) for n, c in enumerate(counts)])
    grid.addWidget(bars, 1)
    grid.addWidget(label(say("准时率", "On time"), "strong"))
    line = line_chart(say("准时率", "On time"))
    line.set_points([Point(f"11-{16 + n}", v, f"{v} %") for n, v in enumerate((88, 91, 86, 93, 95, 92, 96))])
    grid.addWidget(line, 1)
    frame.resize(560, 460)
    return frame


def icons(_say):
    frame = QWidget()
    grid = QGridLayout(frame)
    for number, name in enumerate(icon_names()):
        cell = vbox(gap=2)
        cell.addWidget(IconLabel(name, "text", 24), 0, Qt.AlignmentFlag.AlignHCenter)
        cell.addWidget(label(name, "caption"), 0, Qt.AlignmentFlag.AlignHCenter)
        grid.addLayout(cell, number // 9, number % 9)
    return frame


def errors(say):
    return ErrorDialog(say.translator, "Traceback (most recent call last):\n  …\nValueError: bad state")


def keys(say):
    pairs = [(f"F{n + 1}", say(name, name_en)) for n, (_, _, name, _, name_en) in enumerate(RAIL)]
    return ShortcutSheet(
        say.translator,
        [
            KeyGroup(say("任何页面", "Everywhere"), [*pairs, ("Ctrl K", say("查找", "Find"))]),
            KeyGroup(
                say("派单台", "Dispatch"),
                [("Ctrl P", say("打印交接单", "Print slip")), ("Del", say("收回", "Take back"))],
            ),
        ],
    )


def search(say):
    window = dispatch(say)
    window.finder.setText(say("撤", "U"))
    window.show()
    window.activateWindow()
    window.finder.setFocus()
    return window


PARTS = {
    "dispatch": dispatch,
    "lanes": lanes,
    "table": table,
    "form": form,
    "charts": charts,
    "icons": icons,
    "errors": errors,
    "keys": keys,
    "search": search,
} | {f"handoff-{kind}": (lambda say, kind=kind: handoff(say, kind)) for kind in VerdictKind}


def draw(app, folder, only=()):
    """Draw the parts (all, or those named) and return the files."""
    files = []
    for theme, language in product(THEME_NAMES, LANGUAGES):
        apply(app, load_theme(theme))
        for name, make in PARTS.items():
            if only and name not in only:
                continue
            widget = make(Words(language))
            widget.show()
            app.processEvents()
            file = Path(folder) / f"{name}-{theme}-{language}.png"
            widget.grab().save(str(file))
            files.append(file)
            widget.close()
            widget.deleteLater()
            app.processEvents()
    return files


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    print(len(draw(QApplication([]), sys.argv[1], sys.argv[2:])))
