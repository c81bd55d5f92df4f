"""The sections of the order's panel: promise, what it lacks, goods, exceptions, custody and what happened."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from storeapp.i18n import Translator
from storeapp.services.rows import LineRow, LinkRow, OrderDetail, TimelineRow
from ui.desk import day_time
from ui.kit.cards import Urgency
from ui.kit.parts import ElidedLabel, IconLabel, hbox, label, vbox
from ui.pages.order_words import amount, pressing, priority_name, time_left, urgency, window_text

_OVER = (Urgency.DONE, Urgency.OFF)
_QUIET_EVENTS = frozenset({"order.lines_reserved", "delivery.opened"})


def order_blocks(
    words: Translator, detail: OrderDetail, *, now: datetime, names: Mapping[str, str]
) -> Iterable[QWidget]:
    """The sections of one order, from the top."""
    yield _promise(words, detail, now)
    if detail.row.needs and urgency(detail.row, now) not in _OVER:
        yield _needs(words, detail)
    yield _section(words.text("orders.detail.goods"), _goods(words, detail))
    if detail.cases:
        yield _section(words.text("orders.detail.cases"), _cases(words, detail, now))
    yield _section(words.text("orders.detail.custody"), _custody(words, detail.custody, now))
    shown = [
        replace(row, actor=names.get(row.actor, row.actor)) for row in detail.timeline if row.event not in _QUIET_EVENTS
    ]
    yield _section(words.text("orders.detail.timeline"), _timeline(words, shown, now))


def _promise(words: Translator, detail: OrderDetail, now: datetime) -> QWidget:
    row = detail.row
    facts = [
        (words.text("orders.detail.promise"), f"{words.text(f'mode.{row.mode}')}  {window_text(row.window, now=now)}"),
        (words.text("orders.detail.guide"), row.guide_name or words.text("orders.detail.nobody")),
        (words.text("orders.detail.slip"), _slip(words, detail)),
    ]
    if name := priority_name(words, row):
        facts.append((words.text("orders.detail.priority"), name))
    box, column = _box()
    for name, text in facts:
        line = hbox(gap=8)
        caption = label(name, "caption")
        caption.setFixedWidth(64)
        line.addWidget(caption)
        line.addWidget(label(text), 1)
        column.addLayout(line)
        if name == facts[0][0]:
            _add_time_left(words, line, detail, now)
    return box


def _add_time_left(words: Translator, line: QHBoxLayout, detail: OrderDetail, now: datetime) -> None:
    how = urgency(detail.row, now)
    if how not in _OVER:
        tone = {Urgency.LATE: "danger", Urgency.SOON: "warn"}.get(how, "idle")
        line.addWidget(label(time_left(words, detail.row.window.end, now), chip=tone))


def _slip(words: Translator, detail: OrderDetail) -> str:
    if detail.reprint is None:
        return words.text("orders.detail.no_slip")
    return words.text("orders.detail.reprinted" if detail.reprint else "orders.detail.printed", n=detail.reprint)


def _needs(words: Translator, detail: OrderDetail) -> QWidget:
    box, column = _box()
    acts = pressing(detail.row.needs)
    for need in detail.row.needs:
        line = hbox(gap=8)
        icon = IconLabel("warning" if need in acts else "info", "warn" if need in acts else "text3", 16)
        line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        text = vbox(gap=0)
        text.addWidget(label(words.text(f"need.{need}"), wrap=True))
        text.addWidget(label(words.text(f"fix.{need}"), "caption", wrap=True))
        line.addLayout(text, 1)
        column.addLayout(line)
    return box


def _goods(words: Translator, detail: OrderDetail) -> QWidget:
    box, column = _box()
    for line in detail.lines:
        column.addLayout(_goods_line(words, line))
    total = hbox()
    total.addStretch(1)
    total.addWidget(label(words.text("orders.detail.total", amount=amount(detail.order.total_fen)), "soft"))
    column.addLayout(total)
    return box


def _goods_line(words: Translator, line: LineRow) -> QHBoxLayout:
    row = hbox(gap=8)
    text = vbox(gap=0)
    text.addWidget(ElidedLabel(line.name))
    place = words.text("orders.detail.bin", bin=line.bin) if line.bin else ""
    text.addWidget(label("  ".join(filter(None, (line.sku, place))), "caption"))
    row.addLayout(text, 1)
    if line.reserved < line.quantity:
        row.addWidget(label(words.text("orders.detail.short", n=line.quantity - line.reserved), chip="warn"))
    if line.unconfirmed:
        row.addWidget(label(words.text("orders.detail.unconfirmed", n=line.unconfirmed), chip="idle"))
    row.addWidget(label(f"×{line.quantity}", "strong"))
    return row


def _cases(words: Translator, detail: OrderDetail, now: datetime) -> QWidget:
    box, column = _box()
    for case in detail.cases:
        ink = ("warning", "warn") if case.open else ("check", "text3")
        name = words.text(f"case.{case.kind}")
        state = words.text("orders.detail.case_open" if case.open else "orders.detail.case_closed")
        column.addLayout(_event_line(day_time(case.opened_at, now=now), name, state, icon=ink))
    return box


def _custody(words: Translator, links: Iterable[LinkRow], now: datetime) -> QWidget:
    box, column = _box()
    for link in links:
        who = link.name if link.holder in {"guide", "courier"} else words.text(f"holder.{link.holder}")
        how = "" if link.proof == "none" else words.text(f"proof.{link.proof}")
        column.addLayout(_event_line(day_time(link.at, now=now), who, how))
    return box


def _timeline(words: Translator, rows: Iterable[TimelineRow], now: datetime) -> QWidget:
    box, column = _box()
    for row in rows:
        actor = words.text("orders.detail.system") if row.actor == "system" else row.actor
        column.addLayout(_event_line(day_time(row.at, now=now), words.text(f"event.{row.event}"), actor))
    return box


def _event_line(when: str, what: str, who: str, *, icon: tuple[str, str] | None = None) -> QHBoxLayout:
    line = hbox(gap=8)
    time = label(when, "caption")
    time.setMinimumWidth(64)
    line.addWidget(time)
    if icon:
        line.addWidget(IconLabel(*icon, 14))
    line.addWidget(label(what))
    line.addStretch(1)
    line.addWidget(ElidedLabel(who, "muted"))
    return line


def _section(title: str, content: QWidget) -> QWidget:
    box, column = _box()
    column.addWidget(label(title, "caption"))
    column.addWidget(content)
    return box


def _box() -> tuple[QWidget, QVBoxLayout]:
    box = QWidget()
    return box, vbox(box, gap=5)
