import pytest
from hypothesis import given

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Problem, Reason, best_plan
from storeapp.domain.remedies import ways
from storeapp.domain.why import options, reasons
from storeapp.i18n import Translator
from storeapp.services.reasons import ReasonWords
from tests.domain.problems import problems


def words(language: str = "zh_CN") -> ReasonWords:
    return ReasonWords(Translator(language), guides={"G01": "陈静"}, orders={"x-1": "2291"})


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            Reason("from_store", {"guide": "G01", "mode": "ebike", "distance_m": 600, "travel_s": 240}),
            "离门店 0.6 公里，骑行 4 分钟",
        ),
        (Reason("free", {"since_at": "2026-11-21T06:14:00Z", "free_s": 2400}), "14:14 起空闲 40 分钟"),
        (
            Reason("on_time", {"arrive_at": "2026-11-21T06:20:00Z", "due_at": "2026-11-21T06:40:00Z", "slack_s": 1200}),
            "14:20 到，赶得上 14:40，富余 20 分钟",
        ),
        (
            Reason("next_best", {"guide": "G01", "arrive_at": "2026-11-21T06:38:00Z", "more_m": 1100}),
            "备选陈静 14:38，多走 1.1 公里",
        ),
        (Reason("way_home", {"detour_m": 60}), "回家顺路，多走 60 米"),
        (Reason("courier_cheaper", {"cost_fen": 1620, "courier_fen": 1500}), "导购送要 16.20 元，第三方 15.00 元更省"),
        (Reason("free", {"since_at": "2026-11-21T06:14:00Z", "free_s": 7800}), "14:14 起空闲 2 小时 10 分钟"),
    ],
)
def test_a_reason_is_a_short_sentence(reason: Reason, text: str) -> None:
    assert words().text(reason) == text


def test_a_neighbouring_order_is_named_by_its_number() -> None:
    data = {"guide": "G01", "after": "x-1", "mode": "walk", "distance_m": 300, "travel_s": 240}
    assert words("en").text(Reason("on_the_way", data)) == "On the way: 0.3 km from 2291, 4 min on foot"


@given(problems())
def test_whatever_a_plan_says_has_words_in_both_languages(problem: Problem) -> None:
    plan = best_plan(InsertionPlanner(), problem)
    said = [reason for found in reasons(problem, plan).values() for reason in found]
    said += [reason for item in plan.unassigned for reason in item.reasons]
    for stop in problem.stops[:4]:
        said += [option.obstacle for option in options(problem, plan.routes, stop) if option.obstacle]
    stops = {stop.id: stop for stop in problem.stops}
    said += [way for item in plan.unassigned for way in ways(problem, plan.routes, stops[item.stop])]
    for language in ("zh_CN", "en"):
        assert all(words(language).text(reason) for reason in said)
