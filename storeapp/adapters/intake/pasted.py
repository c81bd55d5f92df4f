"""An order pasted from a chat: what is certain is filled in, everything else stays empty and is flagged."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.chat_time import UnclearTime, read_window, without_time
from storeapp.adapters.intake.contact import person_of, phone_of
from storeapp.domain.address import building_key, parse_address
from storeapp.domain.incoming import Person
from storeapp.domain.moment import Window
from storeapp.domain.phone import PhoneState, parse_phone

TEXT_CHARS = 4_000
"""Longest text that is read; more is no order."""
_LABELS = {
    "name": "收货人姓名|收货人|收件人|联系人|姓名|客户",
    "phone": "手机号码|手机号|联系电话|电话|手机",
    "address": "收货地址|详细地址|地址",
    "goods": "商品|货品|订单内容",
    "time": "配送时间|送达时间|时间",
    "note": "备注|留言",
}
_LABEL = re.compile("|".join(rf"(?P<{name}>{words})" for name, words in _LABELS.items()))
_LABELLED = re.compile(rf"(?:{_LABEL.pattern})\s*[::]\s*")
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9][0-9*](?:[ -]?[0-9*]{4}){2}(?:-[0-9]{1,6})?(?![0-9A-Za-z])")
_BLANKS = re.compile(r"\s+")
_SEGMENTS = re.compile(r"[\n,;。]+")
_COUNT = r"(?P<{0}>[0-9]{{1,4}}|[一二两三四五六七八九十])"
_MEASURE = "(?:件|支|瓶|盒|套|个|只|份|包|罐|片)"
_CODE = r"(?<![0-9A-Za-z])(?P<sku>[A-Z]{1,6}-[0-9]{1,8})(?![0-9-])(?!(?![xX][0-9])[A-Za-z])"
_TIMES = re.compile(rf"\s*[xX×*]\s*{_COUNT.format('times')}(?![0-9.])|\s*{_COUNT.format('pieces')}\s*{_MEASURE}")
_TITLE = re.compile(
    rf"(?P<title>\S.*?)(?:\s*[xX×*]\s*{_COUNT.format('times')}|\s+{_COUNT.format('pieces')}\s*{_MEASURE})\s*$"
)
_NUMERALS = {numeral: value for value, numeral in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧"
)
_NAME = re.compile(r"[㐀-鿿]{2,4}")
_VERBS = re.compile(r"^请?(?:帮忙)?(?:送到|送至|寄到|寄至|配送到|送)")
_FILLERS = re.compile(r"^(?:我要|我想要|要|来|和|加)$")
_NO_NAME = re.compile(r"[电话手机地址时间您好请送到前后天点路弄号室]")


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One article of a draft; the code is empty where only a title was found, ``quantity`` None where none was."""

    sku: str
    title: str
    quantity: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as far as a chat states it; a person completes it before it is one."""

    person: Person
    lines: tuple[DraftLine, ...]
    window: Window | None
    needs: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What has been collected so far; several different answers to one question are none."""

    names: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    lines: list[DraftLine] = field(default_factory=list)


def parse_chat(text: str, *, now: datetime, skus: Mapping[str, str] | None = None) -> Draft:
    """Read a pasted chat; never fails and never guesses.

    Args:
        text: what was pasted.
        now: the moment it was pasted, for words such as *today*.
        skus: article titles to codes; a title is recognised only when it is written exactly so.
    """
    text = _BLANKS.sub(_one_blank, unicodedata.normalize("NFKC", text[:TEXT_CHARS]))
    phones = list(dict.fromkeys(_PHONE.findall(text)))
    found = _Found()
    for label, content in _segments(text):
        _sort(found, label, content, skus or {})
    window, unclear = _window(found.times, now)
    person, needs = _person(found, phones)
    flags = {
        "phone_several": len(phones) > 1,
        "address_several": len(set(found.addresses)) > 1,
        "goods_missing": not found.lines,
        "sku_missing": any(not line.sku for line in found.lines),
        "quantity_missing": any(line.quantity is None for line in found.lines),
        "window_unclear": unclear,
        "mode_assumed": True,
    }
    return Draft(
        person,
        tuple(found.lines[: limits.LINES_OF_ORDER]),
        window,
        (*needs, *(code for code, raised in flags.items() if raised)),
    )


def _one_blank(run: re.Match[str]) -> str:
    """Long runs of blanks would make the searches for goods and times slow."""
    return "\n" if "\n" in run.group() else " "


def _segments(text: str) -> Iterable[tuple[str, str]]:
    """Pieces of the text with the label that precedes each, phones taken out."""
    for line in _SEGMENTS.split(_LABELLED.sub(lambda match: "\n" + match.group(), text)):
        match = _LABELLED.match(line.strip())
        label = str(match.lastgroup) if match else ""
        content = line.strip()[match.end() :] if match else line
        for piece in _PHONE.split(content):
            if piece.strip():
                yield label, piece.strip()


def _sort(found: _Found, label: str, content: str, skus: Mapping[str, str]) -> None:
    if label == "note":
        found.notes.append(content)
    elif label == "name":
        found.names.append(content[: limits.NAME_CHARS])
    elif label == "address":
        found.addresses.append(content[: limits.ADDRESS_CHARS])
    elif label == "time":
        found.times.append(content)
    elif label == "goods":
        _take_goods(found, content, skus)
    elif label != "phone":
        _sort_unlabelled(found, content, skus)


def _sort_unlabelled(found: _Found, content: str, skus: Mapping[str, str]) -> None:
    rest = _take_goods(found, content, skus)
    bare = without_time(rest)
    if bare != rest:
        found.times.append(rest)
    words = [word for word in bare.split() if word]
    names = [word for word in words if _is_name(word)]
    place = _VERBS.sub("", "".join(word for word in words if word not in names))
    address = parse_address(place)
    if building_key(address) is not None and not address.rest:
        found.addresses.append(place[: limits.ADDRESS_CHARS])
        found.names += names
    elif len(words) == len(names):
        found.names += names


def _is_name(word: str) -> bool:
    title = word.removesuffix("女士").removesuffix("先生").removesuffix("小姐")
    short = title in _SURNAMES and title != word
    return short or bool(_NAME.fullmatch(word) and word[0] in _SURNAMES and not _NO_NAME.search(word))


def _take_goods(found: _Found, content: str, skus: Mapping[str, str]) -> str:
    """Add the articles of a piece of text; what is left of it."""
    known = [re.escape(title) for title in sorted(skus, key=len, reverse=True) if title in content]
    pattern = re.compile("|".join([_CODE, *(f"(?P<title{number}>{title})" for number, title in enumerate(known))]))
    rest, end = "", 0
    for match in pattern.finditer(content):
        title = "" if match["sku"] else match.group()
        count = _TIMES.match(content, match.end())
        found.lines.append(DraftLine(match["sku"] or skus[title], title, _quantity(count)))
        rest += content[end : match.start()] + " "
        end = count.end() if count else match.end()
    if end:
        return _FILLERS.sub("", (rest + content[end:]).strip())
    return "" if _take_title(found, content) else content


def _take_title(found: _Found, content: str) -> bool:
    """Add an article that is named but not known, such as ``hand cream x2``; whether there was one."""
    match = _TITLE.fullmatch(content)
    if match is None or building_key(parse_address(content)) is not None:
        return False
    found.lines.append(DraftLine("", match["title"].strip()[: limits.TITLE_CHARS], _quantity(match)))
    return True


def _quantity(match: re.Match[str] | None) -> int | None:
    written = (match["times"] or match["pieces"]) if match else None
    if not written:
        return None
    return _NUMERALS.get(written) or int(written) or None


def _window(times: list[str], now: datetime) -> tuple[Window | None, bool]:
    """The window, and whether a time was mentioned that does not make one."""
    try:
        windows = {read_window(words, now) for words in times}
    except UnclearTime:
        return None, True
    return (windows.pop(), False) if len(windows) == 1 else (None, bool(windows))


def _person(found: _Found, phones: list[str]) -> tuple[Person, tuple[str, ...]]:
    names, addresses = set(found.names), set(found.addresses)
    phone = phone_of(phones) if len(phones) == 1 else parse_phone("")
    person, needs = person_of(
        name=names.pop() if len(names) == 1 else "",
        phone=phone,
        address=addresses.pop() if len(addresses) == 1 else "",
        note=" ".join(found.notes)[: limits.NOTE_CHARS],
    )
    several = phone.state is PhoneState.MISSING and len(phones) > 1
    return person, tuple(need for need in needs if not (several and need == "phone_missing"))
