"""The page of what waits: every reason has words, and every line can be dealt with by keys."""

import ast
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

import hub
from devtools.attention_states import tell_of_matters
from storeapp.domain import rules
from storeapp.domain.delivery import Proof
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.held import HeldCommand
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.registry import COMMANDS
from storeapp.i18n import LANGUAGES, Translator
from storeapp.services import dispatch, stock
from storeapp.services.attention import attention_rows
from storeapp.services.guides import guide_rows
from storeapp.services.queries import board, counts
from storeapp.store.journal import Outcome, Status
from tests.ui.demo import MANAGER
from ui.pages.attention_items import RESOLUTIONS, Group, read_waiting


def texts_given_to(package, function, *, at=None, keyword=""):
    """Literal codes in calls of one function anywhere in a package."""
    for path in Path(package.__path__[0]).rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            given = [call.args[at]] if at is not None and len(call.args) > at else []
            given += [pair.value for pair in call.keywords if pair.arg == keyword]
            if name == function:
                yield from (each.value for each in given if isinstance(each, ast.Constant))


def case_codes():
    opened = {*texts_given_to(rules, "discrepancy", at=2), *texts_given_to(rules, "open_case", keyword="code")}
    return opened | set(ExceptionKind) - {ExceptionKind.DISCREPANCY}


def refusal_codes():
    decided = texts_given_to(rules, "Refusal", at=0)
    return {*decided, *texts_given_to(hub, "refuse", at=0), *texts_given_to(hub, "park", at=0)}


def test_the_codes_are_found():
    assert {"handed_over_twice", "recall", "stock_below_zero", "lost"} <= case_codes()
    assert {"stale_base", "handler_failed", "other_store"} <= refusal_codes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exception_has_a_name_an_explanation_and_a_next_step(language):
    words = Translator(language)
    ends = ("", ".what", ".next")
    missing = [code + end for code in case_codes() for end in ends if not words.has(f"attention.case.{code}{end}")]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_resolution_and_command_has_words(language):
    words = Translator(language)
    wanted = {f"refusal.{code}" for code in refusal_codes()}
    wanted |= {f"command.{kind}" for kind in COMMANDS}
    wanted |= {f"attention.resolution.{code}" for codes in RESOLUTIONS.values() for code in codes}
    assert {code for code in wanted if not words.has(code)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_of_a_case_has_a_name(language):
    words = Translator(language)
    keys = {key for path in Path(rules.__path__[0]).rglob("*.py") for key in facts_in(path)}
    assert "guide" in keys
    assert {key for key in keys if not words.has(f"attention.fact.{key}")} == set()


def facts_in(path):
    """Keys of the dictionaries that are given as data of a case or a refusal."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant))


@pytest.fixture
def counter(window, settled):
    """Runs something with the counter behind the window, and shows it."""

    def run(call):
        done = []
        window.backend.act(lambda counter, _actor: call(counter), done=done.append)
        settled()
        return done[0]

    return run


@pytest.fixture
def page(window, settled):
    window.go("attention")
    settled()
    return window.page("attention")


def lose_a_race(counter):
    """An assignment of this counter that the hub refuses, for another counter's came first."""
    ours, theirs = (guide.id for guide in guide_rows(counter)[:2])
    delivery = board(counter).waiting[0].id
    dispatch.assign(counter, MANAGER, delivery, ours)
    entry = counter.journal.after(counter.journal.last() - 1)[0]
    problem = {"code": "stale_base", "data": {"guide": theirs, "state": "assigned"}}
    with counter.journal.writing():
        counter.journal.enrol()
        counter.journal.settle([Outcome(id=entry.id, status=Status.REFUSED, problem=msgspec.json.encode(problem))])
    return delivery


def press(page, qtbot, settled, key):
    qtbot.keyClick(page._list, key)
    settled()


def choose(page, group):
    assert page._list.pick(next(line.id for line in page._list.lines if line.id.startswith(f"{group}:")))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_list_is_grouped_and_counted(page, window):
    headings = [line for line in page._list.lines if not line.id]
    assert sum(int(line.note) for line in headings) == len(page._waiting.items)
    assert window.shell._pages["attention"][1]._badge == len(page._waiting.items)


def test_the_badge_counts_what_the_list_shows(counter):
    counter(lose_a_race)
    assert counter(lambda c: (counts(c).attention, len(read_waiting(c).items)))[0] == counter(
        lambda c: len(read_waiting(c).items)
    )


def test_a_lost_race_names_who_won_and_can_be_accepted(page, qtbot, settled, counter):
    counter(lose_a_race)
    winner = counter(lambda c: guide_rows(c)[1].name)
    choose(page, Group.REFUSED)
    told, _then = page._detail._why_refused(page._item(), page._waiting)
    assert winner in told
    press(page, qtbot, settled, Qt.Key.Key_Return)
    assert counter(lambda c: c.journal.rejected()) == []
    assert not [item for item in page._waiting.items if item.group is Group.REFUSED]


def test_a_lost_race_can_be_decided_by_assigning_anew(page, settled, counter):
    delivery = counter(lose_a_race)
    choose(page, Group.REFUSED)
    third = page._waiting.guides[-1]
    page._reassign(page._item(), third)
    settled()
    assert counter(lambda c: next(row for row in board(c).assigned if row.id == delivery)).guide == third.id
    assert counter(lambda c: c.journal.rejected()) == []


def test_a_digit_decides_an_exception(page, qtbot, settled, counter):
    choose(page, Group.EXCEPTION)
    item = page._item()
    press(page, qtbot, settled, Qt.Key.Key_1)
    assert item.id not in {row.id for row in counter(attention_rows)}
    assert page._list.picked_id()


def test_enter_on_an_order_that_lacks_something_goes_to_the_order(page, qtbot, settled, window):
    choose(page, Group.NEEDS)
    press(page, qtbot, settled, Qt.Key.Key_Return)
    assert window.shell.current_page() == "orders"


def test_stock_below_zero_leads_to_the_shelf(page, qtbot, settled, window, counter):
    counter(lambda c: stock.sell(c, MANAGER, "BL-002", 500))
    item = next(item for item in page._waiting.items if item.sku == "BL-002")
    assert page._list.pick(f"{Group.DISCREPANCY}:{item.id}")
    press(page, qtbot, settled, Qt.Key.Key_Return)
    assert window.shell.current_page() == "stock"
    settled()
    assert window.page("stock")._table.picked_id() == "BL-002"
    assert window.page("stock")._count._sku == "BL-002"


def test_reasons_and_verdicts_are_shown_in_words(page, counter):
    def record(c):
        with c.transaction(MANAGER) as tx:
            row, guide = board(c).waiting[0], guide_rows(c)[0].id
            tx.must(HandOver(row.id, 1, guide, Proof.STAFF, verdict="expired", reason="damaged"))

    counter(record)
    item = next(item for item in page._waiting.items if item.code == "recorded_by_staff")
    assert page._list.pick(f"{Group.DISCREPANCY}:{item.id}")
    values = {value for _name, value in page._detail._facts(page._item(), page._waiting)}
    assert page.desk.words.text("verdict.expired.title") in values
    assert "damaged" not in values


def test_the_filter_shows_one_kind(page):
    page._filter._buttons[Group.NEEDS].click()
    assert {line.id.partition(":")[0] for line in page._list.lines if line.id} == {Group.NEEDS}


def test_it_comes_to_a_delivery(page):
    wanted = next(item for item in page._waiting.items if item.group is Group.NEEDS)
    page.show_subject(wanted.delivery_id)
    assert page._item().delivery_id == wanted.delivery_id


def test_when_nothing_waits_it_says_so(page, window):
    page._show(type(page._waiting)((), (), {}, page._waiting.now))
    assert page._list.lines == ()
    assert page._item() is None
    assert window.shell.grab().width() > 0


def waiting_for(page, code):
    item = next(item for item in page._waiting.items if item.code == code)
    assert page.show_code(code)
    return item


def test_what_the_hub_set_aside_is_one_matter_with_what_hangs_on_it(page, qtbot, settled, counter):
    counter(tell_of_matters)
    item = waiting_for(page, "handler_failed")
    assert [row.code for row in item.rows] == ["handler_failed", "needs_parked", "needs_parked"]
    assert item.resolutions == ("retry", "discard")
    assert counter(lambda c: counts(c).attention) == counter(lambda c: len(read_waiting(c).items))
    press(page, qtbot, settled, Qt.Key.Key_2)
    assert "handler_failed" not in {each.code for each in page._waiting.items}
    assert counter(lambda c: c.journal.after(c.journal.last() - 1)[0].kind) == "held.resolve"


def test_enter_tries_it_again(page, qtbot, settled, counter):
    counter(tell_of_matters)
    item = waiting_for(page, "handler_failed")
    press(page, qtbot, settled, Qt.Key.Key_Return)
    held = counter(lambda c: c.cache.get(HeldCommand, item.id))
    assert (held.resolution, held.resolved_by) == ("retry", MANAGER.id)


def test_about_a_revoked_counter_only_headquarters_decides(page, qtbot, settled, counter, window):
    counter(tell_of_matters)
    item = waiting_for(page, "revoked")
    assert (item.resolutions, item.acceptable) == ((), False)
    press(page, qtbot, settled, Qt.Key.Key_1)
    assert "revoked" in {each.code for each in page._waiting.items}
    press(page, qtbot, settled, Qt.Key.Key_Return)
    assert window.shell.current_page() == "orders"


def test_a_discrepancy_shows_both_sides(page, counter):
    counter(tell_of_matters)
    item = waiting_for(page, "handed_over_twice")
    facts = dict(page._detail._facts(page._item(), page._waiting))
    before, now = (page._waiting.names[str(item.rows[0].data[key])] for key in ("holder", "guide"))
    assert before != now
    assert before in facts[page.desk.words.text("attention.fact.was")]
    assert now in facts.values()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_matter_opens_in_words(page, counter):
    counter(tell_of_matters)
    for item in page._waiting.items:
        assert page.show_code(item.code)
        assert page._detail._content is not None
