"""A pasted chat fills in what is certain and flags the rest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.intake.codes import DRAFT_NEEDS, NEEDS
from storeapp.adapters.intake.pasted import Draft, DraftLine, parse_chat

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SKUS = {"护手霜三支装": "BL-011"}
ADDRESS = "上海市徐汇区衡山路170弄8号801室"


def parse(text: str) -> Draft:
    return parse_chat(text, now=NOON, skus=SKUS)


def window(text: str) -> tuple[str, str] | None:
    found = parse(text).window
    return None if found is None else (found.start.isoformat()[5:16], found.end.isoformat()[5:16])


@pytest.mark.parametrize(
    "text",
    [
        f"王娜 13800138033 {ADDRESS} BL-011 x2 今天18点前",
        f"收货人：王娜\n电话：138 0013 8033\n地址：{ADDRESS}\n商品：BL-011 2件\n时间：18:00前",
        f"王娜，+86 13800138033，{ADDRESS}，护手霜三支装 2件，下午6点前",
        f"你好，我要护手霜三支装 两件，送到{ADDRESS}，王娜 13800138033，今晚6点前",
    ],
)
def test_a_whole_order_is_read_however_it_is_written(text: str) -> None:
    draft = parse(text)
    assert (draft.person.name, draft.person.phone, draft.person.address) == ("王娜", "13800138033", ADDRESS)
    assert [(line.sku, line.quantity) for line in draft.lines] == [("BL-011", 2)]
    assert draft.window is not None
    assert draft.window.end == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert draft.needs == ("no_position", "mode_assumed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:00-16:00", ("11-21T06:00", "11-21T08:00")),
        ("下午2点到4点", ("11-21T06:00", "11-21T08:00")),
        ("明天上午10点半前", ("11-21T16:00", "11-22T02:30")),
        ("明天14:00~16:00", ("11-22T06:00", "11-22T08:00")),
        ("6点前", None),
        ("10点前", None),
        ("2点-4点", None),
        ("16:00-14:00", None),
        ("14:00-16:00或18:00-20:00", None),
        ("25:00前", None),
        ("今天送", None),
    ],
)
def test_a_time_is_a_window_only_where_it_can_mean_nothing_else(text: str, expected: tuple[str, str] | None) -> None:
    assert window(text) == expected
    assert ("window_unclear" in parse(text).needs) == (expected is None)


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("13800138001 或 13800138002", "phone_several"),
        ("138****8000", "phone_masked"),
        ("地址：衡山路1号\n地址：衡山路2号", "address_several"),
        ("BL-001", "quantity_missing"),
        ("BL-001 x2.5", "quantity_missing"),
        ("口红 x3", "sku_missing"),
        ("在吗", "goods_missing"),
        ("谢谢", "name_missing"),
        ("请在衡山路170弄8号取件", "address_missing"),
    ],
)
def test_what_is_not_certain_is_flagged(text: str, need: str) -> None:
    assert need in parse(text).needs


def test_two_phones_give_none() -> None:
    draft = parse("13800138001 或 13800138002")
    assert draft.person.phone == ""
    assert "phone_missing" not in draft.needs


def test_several_articles_keep_their_quantities() -> None:
    assert parse("BL-001x2 BL-002 两瓶\nBL-003").lines == (
        DraftLine("BL-001", "", 2),
        DraftLine("BL-002", "", 2),
        DraftLine("BL-003", "", None),
    )


def test_a_note_is_kept_as_written() -> None:
    assert parse("备注：请放门卫").person.note == "请放门卫"


@given(st.text(max_size=200) | st.text(alphabet="王娜138001,，BL-x2件今天点前:：路弄号室 \n*", max_size=80))
def test_any_text_gives_a_draft(text: str) -> None:
    draft = parse(text)
    assert set(draft.needs) <= NEEDS | DRAFT_NEEDS
    assert len(draft.needs) == len(set(draft.needs))


@pytest.mark.parametrize(
    "text", ["a" + " " * 3998 + "b", "今天" * 2000, "1" * 4000, "王 x1 " * 700, "BL-1 x" * 700, "\n" * 4000]
)
def test_hostile_text_is_read_like_any_other(text: str) -> None:
    assert "phone_missing" in parse(text).needs
