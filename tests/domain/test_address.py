"""Chinese addresses: what names the building is found, and what is hidden never shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.address import HIDDEN, Address, BuildingKey, building_key, parse_address, street_and_lane


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上海市徐汇区衡山路170弄8号801室", Address("上海市", "徐汇区", "衡山路", "170弄", "8号", "801室")),
        ("上海徐汇区天平路213弄17号204室", Address("上海市", "徐汇区", "天平路", "213弄", "17号", "204室")),
        ("衡山路170号", Address(street="衡山路", lane="170号")),
        ("徐汇区 衡山路 １７０弄 ８号楼 2单元 501", Address("", "徐汇区", "衡山路", "170弄", "8号楼", "2单元501")),
        ("阳光小区3栋2单元501室", Address(street="阳光小区", building="3栋", room="2单元501室")),
        ("浦东新区碧波路690号6幢401-1室", Address("", "浦东新区", "碧波路", "690号", "6幢", "401-1室")),
        ("上海市宝山区友谊路1号", Address("上海市", "宝山区", "友谊路", "1号")),
        ("北京市东城区王府井大街8号院3号楼", Address("北京市", "东城区", "王府井大街", "8号院", "3号楼")),
        ("上海路5号", Address(street="上海路", lane="5号")),
        ("上海市静安区镇宁路465弄161号", Address("上海市", "静安区", "镇宁路", "465弄", "161号")),
        ("江苏省苏州市昆山市前进中路100号", Address("苏州市", "昆山市", "前进中路", "100号")),
        ("华山路1弄2号三楼301室", Address(street="华山路", lane="1弄", building="2号", room="三楼301室")),
        ("南京市鼓楼区北京西路1号3层", Address("南京市", "鼓楼区", "北京西路", "1号", "", "3层")),
        ("801室衡山路170弄", Address(room="801室", rest="衡山路170弄")),
        ("", Address()),
    ],
)
def test_the_parts_are_found(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


def test_city_and_district_stand_in_where_the_text_names_none() -> None:
    assert parse_address("衡山路170弄", city="上海市", district="徐汇区") == parse_address("上海市徐汇区衡山路170弄")
    assert parse_address("静安区巨鹿路1号", district="徐汇区").district == "静安区"


def test_the_key_of_a_building_knows_no_house_and_no_room() -> None:
    key = BuildingKey("上海市", "徐汇区", "衡山路", "170弄")
    assert building_key(parse_address("上海市徐汇区衡山路170弄8号801室")) == key
    assert building_key(parse_address("上海市徐汇区衡山路170弄19号2单元1室")) == key


@pytest.mark.parametrize("text", ["", "徐汇区", "衡山路", "阳光小区3栋", "不知道"])
def test_without_street_and_number_there_is_no_key(text: str) -> None:
    assert building_key(parse_address(text)) is None


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("上海市徐汇区衡山路170弄8号801室", "上海市徐汇区衡山路170弄8号***"),
        ("上海市徐汇区衡山路170弄8号", "上海市徐汇区衡山路170弄8号"),
        ("衡山路170弄阳光花园8号801室", "衡山路170弄***"),
        ("801室衡山路170弄", "***"),
    ],
)
def test_the_masked_address_ends_at_the_house(text: str, masked: str) -> None:
    assert parse_address(text).masked() == masked


rooms = st.builds(
    lambda unit, floor, number, word: f"{unit}{floor}{number}{word}",
    st.sampled_from(["", "2单元", "三单元"]),
    st.sampled_from(["", "5层", "三楼"]),
    st.integers(1, 99_999),
    st.sampled_from(["", "室", "户", "A室", "-1室"]),
)


@given(
    st.sampled_from(["", "上海市", "上海市徐汇区", "徐汇区", "杭州市西湖区"]),
    st.sampled_from(["衡山路", "建国西路", "王府井大街", "阳光小区"]),
    st.sampled_from(["170弄8号", "170号", "12弄3号楼", "5栋"]),
    rooms,
    rooms,
)
def test_the_masked_address_is_the_same_whatever_the_room(
    area: str, street: str, house: str, one: str, two: str
) -> None:
    masked = parse_address(area + street + house + one).masked()
    assert masked == parse_address(area + street + house + two).masked()
    assert masked == area + street + house + HIDDEN


@given(st.text(alphabet="上海市徐汇区路弄号室栋单元层小街道镇0123456789A-— ", max_size=40) | st.text())
def test_any_text_is_read_and_nothing_is_invented(text: str) -> None:
    address = parse_address(text)
    if address.room or address.rest:
        assert address.masked().endswith(HIDDEN)
    assert len(address.masked()) <= len(text) * 18 + len(HIDDEN)


@given(st.text(alphabet="上海市徐汇区衡山路街道镇乡省县旗自治州弄号大厦小巷苑12 ，", max_size=20))
def test_street_and_lane_are_those_of_the_whole_address(text: str) -> None:
    parsed = parse_address(text)
    assert street_and_lane(text) == (parsed.street, parsed.lane)
