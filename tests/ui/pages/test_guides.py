"""The guides' page over the demo day: it shows the day, and what is done there is done at the counter."""

from dataclasses import replace
from datetime import time, timedelta

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QDialog

from storeapp.codec import encode
from storeapp.domain.lending import LentGuide
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.people import Guide, Shift, shift_id
from storeapp.i18n import Translator
from storeapp.services import guides, slips
from storeapp.services.guide_day import HomeHint
from storeapp.services.rows import GuideRow
from storeapp.store.cache import Row
from storeapp.store.rebase import take_page
from tests.ui.demo import MANAGER, NOON
from ui.kit.cards import BlockKind
from ui.pages.guide_words import GuidesOfDay, GuideSpeaker
from ui.paper.outputs import to_pdf

TODAY = store_day(NOON)


@pytest.fixture
def page(window, settled):
    window.go("guides")
    settled()
    return window.page("guides")


@pytest.fixture
def at_counter(window, qtbot):
    def run(call):
        found = []
        window.backend.read(call, done=found.append)
        qtbot.waitUntil(lambda: bool(found))
        return found[0]

    return run


@pytest.fixture
def opened(window, page, qtbot, settled):
    def open_it(action):
        assert window.actions.trigger(f"guides.{action}")
        settled()
        qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
        return QApplication.activeModalWidget()

    return open_it


def answer(dialog, settled, **values):
    for key, value in values.items():
        dialog.form.set_value(key, value)
    dialog.accept()
    settled()


def shift(counter, day):
    return counter.cache.get(Shift, shift_id("G01", day))


def clock(window):
    return [moment.astimezone(STORE_ZONE).strftime("%H:%M") for moment in (window.start, window.end)]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_shows_the_guides_of_the_store_and_the_first_one(page):
    assert page._model.rowCount() == 4
    assert page.table.picked_id() is not None
    assert page._facts.rows
    assert page.lanes._lanes


def test_the_page_comes_to_one_guide(window, page, settled):
    window.go("guides", "G07")
    settled()
    assert page.table.picked_id() == "G07"
    assert page._code.text() == "G07"


def test_hours_of_tomorrow_are_set_and_taken_back(window, page, opened, settled, at_counter):
    tomorrow = TODAY + timedelta(days=1)
    answer(opened("hours"), settled, day="tomorrow", kind="works", opens=time(12), closes=time(20))
    assert clock(at_counter(lambda c: shift(c, tomorrow)).window) == ["12:00", "20:00"]
    assert any("12:00–20:00" in row.end for row in page._facts.rows)
    window.actions.trigger("app.undo")
    settled()
    assert clock(at_counter(lambda c: shift(c, tomorrow)).window) == ["10:00", "18:30"]


def test_a_guide_is_off_today(opened, page, settled):
    answer(opened("hours"), settled, day="today", kind="off")
    row = next(row for row in page._day.rows if row.id == page.table.picked_id())
    assert row.window is None
    assert not row.on_shift


def test_hours_without_length_are_refused_under_their_field(opened, settled):
    dialog = opened("hours")
    answer(dialog, settled, kind="works", opens=time(12), closes=time(12))
    assert "不能相同" in dialog.form.error("closes")
    dialog.reject()


def test_a_new_guide_is_entered_and_chosen(page, opened, settled, at_counter):
    dialog = opened("new")
    answer(dialog, settled, id="", name="")
    assert dialog.form.error("id")
    answer(dialog, settled, id="g01", name="另一人")
    assert "G01" in dialog.form.error("name")
    answer(dialog, settled, id="g21", name="测试员", parcels=5)
    assert at_counter(lambda c: c.cache.get(Guide, "G21")).max_parcels == 5
    assert "G21" in [row.id for row in page._day.rows]


def test_a_guide_is_changed_and_keeps_home_and_badge(page, opened, settled, at_counter):
    at_counter(lambda c: slips.issue_badge(c, MANAGER, page.table.picked_id()))
    page.refresh()
    settled()
    before = page._detail.guide
    answer(opened("edit"), settled, parcels=2, certificates="basic cold")
    after = at_counter(lambda c: c.cache.get(Guide, before.id))
    assert (after.max_parcels, after.certificates) == (2, ("basic", "cold"))
    assert (after.badge, after.sealed_home) == (before.badge, before.sealed_home)


def test_a_badge_is_printed_and_then_revoked(window, page, opened, settled, at_counter):
    guide = page.table.picked_id()
    assert not window.actions.trigger("guides.revoke")
    dialog = opened("badge")
    dialog.show_media("a6")
    dialog.save_pdf()
    settled()
    assert len(list(window.desk.papers.glob("badge-*.pdf"))) == 1
    assert at_counter(lambda c: c.cache.get(Guide, guide)).badge is not None
    assert window.actions.trigger("guides.revoke")
    settled()
    assert at_counter(lambda c: c.cache.get(Guide, guide)).badge is None


def test_a_run_sheet_without_a_printer_stays_open_and_leaves_no_file(window, page, opened, settled, monkeypatch):
    row = next(row for row in page._day.rows if row.in_custody)
    window.go("guides", row.id)
    settled()
    dialog = opened("run_sheet")
    monkeypatch.setattr("ui.pages.paper_dialog._print", lambda _paper, _printer: False)
    dialog.print_paper()
    settled()
    assert dialog.isVisible()
    assert not list(window.desk.papers.glob("*.pdf"))
    dialog.reject()


def test_a_paper_goes_to_the_printer(tmp_path, opened, settled, monkeypatch):
    printed = []
    dialog = opened("badge")

    def print_it(paper, _printer):
        to_pdf(paper, tmp_path / "printed.pdf")
        printed.append(paper)
        return True

    monkeypatch.setattr("ui.pages.paper_dialog._print", print_it)
    dialog.print_paper()
    settled()
    assert printed
    assert QApplication.activeModalWidget() is None


# -- words


@pytest.fixture
def speaker():
    return GuideSpeaker(Translator("zh_CN"), lambda: NOON)


@pytest.fixture
def row(demo_home):
    counter = demo_home.open()
    made: GuideRow = guides.guide_rows(counter)[0]
    counter.close()
    return made


@pytest.mark.parametrize(("days", "tone"), [(None, "warn"), (-1, "danger"), (0, "danger"), (3, "warn"), (60, "ok")])
def test_a_badge_says_how_long_it_opens_the_desk(speaker, row, days, tone):
    until = None if days is None else TODAY + timedelta(days=days)
    cell = speaker.badge(replace(row, badge_until=until))
    assert cell.tone == tone
    assert cell.icon


def test_a_full_bag_has_a_hand_beside_its_colour(speaker, row):
    cell = speaker.load(replace(row, assigned=2, in_custody=6, max_parcels=8))
    assert (cell.tone, cell.icon, cell.text) == ("warn", "hand", "8 / 8")


def test_a_home_is_told_as_a_square(speaker):
    assert speaker.home(HomeHint(east=-2, north=0)) == "西 0.5–1 · 北 0–0.5 公里"
    assert speaker.home(None) == "未登记"


def test_a_guest_says_where_from_and_who_helps_out_says_where(speaker, row):
    hours = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    plain = replace(row, window=hours, on_shift=True, active=True)
    assert speaker.shift(plain).tone == "ok"
    assert speaker.name(plain).sub == ""
    assert speaker.name(replace(plain, guest_of="HH")).sub == "从 HH 借调"
    away = replace(plain, away=(("JA", hours),))
    assert ("支援 JA" in speaker.name(away).sub, speaker.shift(away).tone) == (True, "idle")
    later = Window(NOON + timedelta(hours=2), NOON + timedelta(hours=3))
    soon = replace(plain, away=(("JA", later), ("HH", hours)))
    assert "支援 HH" in speaker.name(soon).sub
    assert speaker.shift(replace(plain, away=(("JA", later),))) == speaker.shift(plain)
    over = Window(NOON - timedelta(hours=3), NOON - timedelta(hours=2))
    assert speaker.name(replace(plain, away=(("JA", over),))).sub == ""
    (lane,), _, _ = speaker.lanes(GuidesOfDay([away], {}, {}, NOON))
    assert [(block.label, block.kind) for block in lane.blocks] == [("支援 JA", BlockKind.AWAY)]


# -- guests


@pytest.fixture
def guest(demo_home):
    """A guide of another store whom the hub has lent to this one, as its feed says."""
    counter = demo_home.open()
    there = msgspec.structs.replace(counter.cache.every(Guide)[0], id="G77", name="客导", store="HH", sealed_home="")
    hours = (Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1)),)
    lent = LentGuide(f"G77@{counter.store}", counter.store, there, hours)
    rows = [Row(LentGuide.KIND, lent.id, 1, encode(lent))]
    take_page(counter.cache, rows, feed="store", cursor=1, epoch="e", at=NOON.isoformat())
    counter.close()
    return lent


@pytest.mark.usefixtures("guest")
def test_a_guest_is_shown_and_looked_after_by_the_own_store(window, page, settled):
    window.go("guides", "G77")
    settled()
    assert (page._code.text(), page._name.text()) == ("G77", "客导")
    for action in ("hours", "badge", "edit", "revoke"):
        assert not window.actions.trigger(f"guides.{action}")
    window.go("guides", "G01")
    settled()
    assert page._code.text() == "G01"
    assert page._own()
