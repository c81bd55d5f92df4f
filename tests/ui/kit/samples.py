"""Sample data for pictures and tests: one store day at 14:12, in both languages."""

from ui.kit.cards import (
    BlockKind,
    DeliveryCard,
    GuideCard,
    Lane,
    LaneBlock,
    Proposal,
    Urgency,
    VerdictCard,
    VerdictKind,
)

NOW_MIN = 14 * 60 + 12
_B = BlockKind


def _pick(language, zh, en):
    return zh if language == "zh_CN" else en


def guides(language):
    t = lambda zh, en: _pick(language, zh, en)  # noqa: E731 - a table reads best with one short name
    return [
        GuideCard("g1", t("陈静", "Chen Jing"), t("护肤 · 电动车", "Skin care · e-bike"), "09:00–18:00", 3, 8),
        GuideCard("g2", t("赵敏", "Zhao Min"), t("男士 · 步行", "Men · walks"), "10:00–19:00", 5, 6),
        GuideCard("g3", t("吴磊", "Wu Lei"), t("家电 · 汽车", "Appliances · car"), "09:00–17:00", 8, 8),
        GuideCard("g4", t("林可欣", "Lin Kexin"), t("彩妆 · 地铁", "Make-up · metro"), "12:00–20:00", 2, 8),
        GuideCard(
            "g5", t("马晓东", "Ma Xiaodong"), "", "13:00–21:00", 0, 8, why_not=t("15:00 上班", "Starts at 15:00")
        ),
    ]


def _names(language):
    zh = {
        "a": ("周女士", "滨江·云栖里", "护肤礼盒 2 件"),
        "b": ("李先生", "滨江·星光大道 88 号", "剃须刀 1 件"),
        "c": ("王女士", "上城·近江家园 3 区", "香水 1 件 · 试用装 3"),
        "d": ("何先生", "滨江·彩虹城", "吹风机 1 件"),
        "e": ("孙先生", "滨江·钱龙大厦", "待补货：唇釉 302"),
        "f": ("顾女士", "上城·望江府", "面霜 2 件 · 精华 1"),
        "g": ("高先生", "滨江·春波南苑", "礼盒 1 件"),
        "h": ("罗女士", "上城·候潮公寓", "口红 2 件"),
        "i": ("沈女士", "滨江·缤纷北苑", "面膜 4 件"),
        "j": ("郑先生", "滨江·白马湖路 12 号", "破损 1 件，退回柜台"),
    }
    en = {
        "a": ("Ms Zhou", "Binjiang, Yunqili", "2 gift boxes"),
        "b": ("Mr Li", "Binjiang, 88 Xingguang Ave", "1 shaver"),
        "c": ("Ms Wang", "Shangcheng, Jinjiang Jiayuan", "1 perfume, 3 samples"),
        "d": ("Mr He", "Binjiang, Rainbow City", "1 hair dryer"),
        "e": ("Mr Sun", "Binjiang, Qianlong Tower", "waits for lip gloss 302"),
        "f": ("Ms Gu", "Shangcheng, Wangjiang Mansion", "2 creams, 1 serum"),
        "g": ("Mr Gao", "Binjiang, Chunbo", "1 gift box"),
        "h": ("Ms Luo", "Shangcheng, Houchao", "2 lipsticks"),
        "i": ("Ms Shen", "Binjiang, Binfen", "4 masks"),
        "j": ("Mr Zheng", "Binjiang, 12 Baima Rd", "1 damaged, back at the counter"),
    }
    return zh if language == "zh_CN" else en


def board(language):
    t = lambda zh, en: _pick(language, zh, en)  # noqa: E731 - as above
    who = _names(language)
    name = {guide.id: guide.name for guide in guides(language)}
    minutes = lambda n: t(f"{n} 分钟", f"{n} min")  # noqa: E731 - as above
    by = lambda at: t(f"承诺 {at}", f"by {at}")  # noqa: E731 - as above

    def card(key, number, at, left, urgency, **more):
        customer, area, goods = who[key]
        return DeliveryCard(f"d{number}", number, customer, area, goods, by(at), left, urgency, **more)

    near = Proposal("g1", name["g1"], "14:20", t("离她 0.6 公里 · 空闲 40 分钟", "0.6 km away · free for 40 min"))
    way = Proposal("g2", name["g2"], "14:35", t("顺路 0.9 公里 · 货已备齐", "On the way, 0.9 km · goods ready"))
    same = Proposal("g1", name["g1"], "14:50", t("与 2291 同向 · 省 1.4 公里", "Same way as 2291 · saves 1.4 km"))
    only = Proposal("g3", name["g3"], "15:15", t("唯一有家电资质且在班", "The only one certified and on shift"))
    return {
        "waiting": [
            card("a", "2291", "14:40", minutes(28), Urgency.SOON, proposal=near),
            card("b", "2294", "15:10", minutes(58), Urgency.CALM, proposal=way),
            card("c", "2295", "15:30", minutes(78), Urgency.CALM, proposal=same),
            card("d", "2297", "16:00", minutes(108), Urgency.CALM, proposal=only),
            card("e", "2299", "17:00", t("缺货", "No stock"), Urgency.BLOCKED),
        ],
        "assigned": [
            card(
                "f",
                "2298",
                "16:20",
                minutes(128),
                Urgency.CALM,
                guide=name["g4"],
                progress=t("15:40 出发", "leaves 15:40"),
            ),
            card(
                "g", "2289", "14:30", minutes(18), Urgency.SOON, guide=name["g2"], progress=t("待打单", "slip to print")
            ),
        ],
        "custody": [
            card(
                "h",
                "2288",
                "13:48",
                t("超 24 分", "24 min late"),
                Urgency.LATE,
                guide=name["g3"],
                progress=t("13:05 交接", "since 13:05"),
            ),
            card(
                "i",
                "2290",
                "15:00",
                minutes(48),
                Urgency.CALM,
                guide=name["g1"],
                progress=t("14:02 交接", "since 14:02"),
            ),
        ],
        "attention": [
            card(
                "j",
                "2283",
                "13:30",
                t("待处理", "Decide"),
                Urgency.BLOCKED,
                guide=name["g2"],
                progress=t("退回柜台", "returned"),
            ),
        ],
    }


def lanes(language):
    t = lambda zh, en: _pick(language, zh, en)  # noqa: E731 - as above
    who, crew = _names(language), guides(language)
    lunch, dinner = t("午休", "Lunch"), t("晚餐", "Dinner")

    def block(start, end, label, kind, sub=""):
        hour = lambda text: int(text.split(":")[0]) * 60 + int(text.split(":")[1])  # noqa: E731 - as above
        return LaneBlock(hour(start), hour(end), label, kind, sub, f"d{label}" if label.isdigit() else "")

    days = [
        (
            9,
            18,
            [
                block("12:30", "13:15", lunch, _B.REST),
                block("13:20", "14:00", "2287", _B.DONE, who["h"][0]),
                block("14:01", "14:18", "", _B.RETURN),
                block("14:20", "14:42", "2291", _B.PROPOSAL, who["a"][0]),
                block("14:50", "15:16", "2295", _B.PROPOSAL, who["c"][0]),
                block("16:00", "16:48", "2301", _B.PLANNED, who["i"][0]),
            ],
        ),
        (
            10,
            19,
            [
                block("12:12", "12:54", "2285", _B.DONE),
                block("13:00", "13:42", lunch, _B.REST),
                block("13:48", "14:27", "2289", _B.LIVE, who["g"][0]),
                block("14:35", "15:00", "2294", _B.PROPOSAL, who["b"][0]),
                block("15:36", "16:18", "2300", _B.PLANNED, who["j"][0]),
            ],
        ),
        (
            9,
            17,
            [
                block("12:00", "12:45", lunch, _B.REST),
                block("13:00", "14:36", "2288", _B.LATE, t("超时 24 分", "24 min late")),
                block("15:15", "15:45", "2297", _B.PROPOSAL, who["d"][0]),
                block("16:00", "16:45", "2302", _B.PLANNED, who["e"][0]),
            ],
        ),
        (
            12,
            20,
            [
                block("12:36", "13:36", "2286", _B.DONE, who["f"][0]),
                block("15:40", "16:06", "2298", _B.PLANNED, who["f"][0]),
                block("17:00", "17:36", dinner, _B.REST),
            ],
        ),
        (13, 21, [block("13:06", "13:54", "2284", _B.DONE, who["i"][0]), block("17:30", "18:00", dinner, _B.REST)]),
    ]
    return [Lane(guide, a * 60, b * 60, tuple(blocks)) for guide, (a, b, blocks) in zip(crew, days, strict=True)]


def verdict(kind, words):
    language, t = words.language, lambda zh, en: _pick(words.language, zh, en)
    who = _names(language)
    scanned = {
        VerdictKind.PASSED: t("刚扫：QJ-2291-6612   14:12:08", "Scanned QJ-2291-6612   14:12:08"),
        VerdictKind.HOLD: t("刚扫：QJ-2294-0937   14:12:08", "Scanned QJ-2294-0937   14:12:08"),
        VerdictKind.STOP: t("刚扫：QJ-2291-6612   14:12:08", "Scanned QJ-2291-6612   14:12:08"),
    }
    texts = {
        VerdictKind.PASSED: (
            t("3 件已交给陈静", "3 items handed to Chen Jing"),
            f"2291 {who['a'][0]} · {who['a'][1]}",
            t("请按送货单送达，取件码由顾客提供", "Deliver as on the run sheet; the customer gives the pickup code"),
        ),
        VerdictKind.HOLD: (
            t("还差 1 件：剃须刀 S9", "One item is missing: shaver S9"),
            f"2294 {who['b'][0]}",
            t("到 B-04 货位取货，再扫一次", "Fetch it from shelf B-04, then scan again"),
        ),
        VerdictKind.STOP: (
            t("13:52 已由陈静领走", "Taken by Chen Jing at 13:52"),
            f"2291 {who['a'][0]} · " + t("同一张交接单", "the same slip"),
            t(
                "不要交货；请店长核对后记录实际情况",
                "Keep the parcel; ask the manager to check and record what happened",
            ),
        ),
    }
    reason, person, action = texts[kind]
    return VerdictCard(kind, reason, person, action, scanned[kind], words.text(f"kit.sound.{kind}"))
