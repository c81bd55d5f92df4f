"""The story of the day: who does what when, at two counters of one store, with the network gone for half of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from devtools.demo.client import CounterProcess
from devtools.demo.stage import Stage
from devtools.proxy import Proxy

DAY = "2026-11-21"
FILES = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
LATER = "orders-weixin-shop-later.json"
BY_HAND = "19:00"
PICTURED = "14:20"
PAGES = ("board", "handoff", "orders", "stock", "guides", "attention", "sync", "report", "settings")
WAVES = ("09:30", "10:30", "11:20", "12:00", "13:10", "14:20", "15:30", "16:40", "18:00", "19:00", "20:00")
GOODS_ARRIVE = "10:30"
PIECES = 25
PAINTED = 3
"""So many slips are left as pictures; the rest is only printed in the story."""
CUT_FROM, CUT_TO = "12:00", "18:00"
LOOK_AHEAD = timedelta(minutes=150)
HANDOFF_MINUTES = 5
COUNTED = ("BL-001", "BL-005", "BL-009")


def at(clock: str) -> datetime:
    """A moment of the day on the store's clock."""
    return datetime.fromisoformat(f"{DAY}T{clock}:00+08:00")


@dataclass(slots=True)
class Day:
    """What happened, as the driver saw it."""

    verdicts: dict[str, int] = field(default_factory=dict)
    delivered: int = 0
    returned: list[str] = field(default_factory=list)
    told: int = 0
    """How often a counter was told that another one's assignment had won."""
    replayed: int = 0
    syncs: list[dict[str, Any]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


class Story:
    """Plays the day on two running counters; ``say`` tells a person what is going on."""

    def __init__(
        self,
        first: CounterProcess,
        second: CounterProcess,
        *,
        network: Proxy,
        data: Path,
        papers: Path,
        stage: Stage,
    ) -> None:
        self.first, self.second = first, second
        self.network = network
        self.data = data
        self.papers = papers
        self.stage = stage
        self.day = Day()
        self._badges: dict[str, str] = {}
        self._early: list[tuple[str, str, str]] = []
        self._turn = 0

    def say(self, moment: datetime, text: str, *, page: str = "") -> None:
        """One line of the day, for people, for the window and for the summary."""
        self.day.steps.append(f"{moment:%H:%M} {text}")
        print(f"  {moment:%H:%M}  {text}", flush=True)
        self.stage.cue(moment, page=page, text=text)

    def morning(self) -> None:
        """The counter stands alone: orders come in from four files, badges and the first slips are printed."""
        moment = at("08:30")
        report = self.first.do("import", moment, files=[str(self.data / name) for name in FILES]).result
        self.say(
            moment, f"{report['imported']} orders taken on, {report['other_store']} are other stores'", page="orders"
        )
        for guide in self.first.do("guides", moment).result:
            out = str(self.papers / f"badge-{guide['id']}")
            self._badges[guide["id"]] = self.first.do("badge", moment, guide=guide["id"], out=out).result["token"]

        planned = self._plan(moment)
        for number, (delivery, guide) in enumerate(planned.items()):
            out = str(self.papers / f"slip-{delivery}") if number < PAINTED else ""
            token = self.first.do("slip", moment, delivery=delivery, out=out).result["token"]
            self._early.append((delivery, guide, token))
        printed = f"{len(self._badges)} badges and {len(self._early)} slips printed before there is any hub"
        self.say(moment, printed, page="board")

    def papers_stay_valid(self, moment: datetime) -> None:
        """What was printed stand-alone is scanned after enrolment, also at the counter that never saw it printed."""
        out = [one for one in self._early if self._scan(moment, one[0], guide=one[1], slip=one[2])]
        guide = self._early[0][1]
        self.first.do("run_sheet", moment, guide=guide, out=str(self.papers / f"run-sheet-{guide}"))
        for number, (delivery, _, _) in enumerate(out):
            self._bring(moment + timedelta(minutes=20 + 4 * number), delivery)
        self.say(moment, f"{len(out)} slips from before the enrolment were good", page="handoff")

    def through_the_day(self) -> None:
        """Wave after wave: plan, print, hand over, deliver; the network fails at noon."""
        for clock in WAVES:
            moment = at(clock)
            if clock == CUT_FROM:
                self.cut(moment)
            if clock == CUT_TO:
                self.reconnect(moment)
            if clock == GOODS_ARRIVE:
                self.goods_arrive(moment)
            if clock == CUT_FROM:
                self.later_file(moment)
            self.wave(moment)
            if clock == BY_HAND:
                self.by_hand(moment + timedelta(minutes=15))
            if self.network.up:
                self.sync_both(moment + timedelta(minutes=50))
            if clock == PICTURED:
                self.pictures(moment + timedelta(minutes=12))

    def wave(self, moment: datetime) -> None:
        """Plan what is due, print its slips, hand it over at alternating counters, deliver it."""
        planned = self._plan(moment)
        if self.network.up:
            self.sync_both(moment)
        self.say(moment, f"{len(planned)} planned", page="board")
        out = [delivery for delivery, guide in planned.items() if self._hand_over(moment, delivery, guide)]
        for number, delivery in enumerate(out):
            self._bring(moment + timedelta(minutes=20 + 4 * number), delivery)

    def _plan(self, moment: datetime) -> dict[str, str]:
        """Who takes what is due soon, accepted as proposed."""
        due = [row["id"] for row in self.first.do("waiting", moment).result if self._is_due(row, moment)]
        planned: dict[str, str] = self.first.do("dispatch", moment, only=due).result["planned"]
        return planned

    @staticmethod
    def _is_due(row: dict[str, Any], moment: datetime) -> bool:
        start = datetime.fromisoformat(row["window"][0])
        return start <= moment + LOOK_AHEAD

    def _counter(self) -> CounterProcess:
        """With the network up both counters work in turn; without it the second doesn't know what the first planned."""
        self._turn += 1
        return self.second if self.network.up and self._turn % 3 == 0 else self.first

    def _hand_over(self, moment: datetime, delivery: str, guide: str) -> bool:
        moment += timedelta(minutes=HANDOFF_MINUTES)
        slip = self.first.do("slip", moment, delivery=delivery)
        return slip.refused is None and self._scan(moment, delivery, guide=guide, slip=slip.result["token"])

    def _scan(self, moment: datetime, delivery: str, *, guide: str, slip: str) -> bool:
        counter = self._counter()
        scanned = counter.do("scan", moment, badge=self._badges[guide], slip=slip)
        verdict = scanned.refused or scanned.result["verdict"]
        self.day.verdicts[verdict] = self.day.verdicts.get(verdict, 0) + 1
        self.stage.cue(moment, page="handoff")
        if verdict != "ok":
            self.say(moment, f"a scan of {delivery} at counter {counter.name} was answered {verdict}")
        elif counter is self.second:
            self.sync_both(moment)
        return bool(verdict == "ok")

    def _bring(self, moment: datetime, delivery: str) -> None:
        """The customer says the code; one parcel of the day was dropped on the way."""
        if not self.day.returned and not self.network.up:
            self.day.returned.append(delivery)
            self.first.do("return", moment, delivery=delivery, reason="damaged")
            self.say(moment, "one parcel came back damaged and was written off")
            return
        row = self.first.do("delivery", moment, delivery=delivery).result
        if self.first.do("deliver", moment, delivery=delivery, order=row["order_id"]).refused is None:
            self.day.delivered += 1

    def goods_arrive(self, moment: datetime) -> None:
        """A carton of everything; what was short is promised now."""
        stock = self.first.do("stock", moment).result
        for sku in stock:
            self.first.do("receive", moment, sku=sku, quantity=PIECES)
        self.say(moment, f"{PIECES} pieces of each of {len(stock)} articles arrived", page="stock")

    def by_hand(self, moment: datetime) -> None:
        """What no plan takes, because its place is unknown or its time is over, a person still gives to a guide."""
        guides = [guide["id"] for guide in self.first.do("guides", moment).result if guide["on_shift"]]
        rows = self.first.do("waiting", moment).result
        for number, row in enumerate(rows):
            guide = guides[number % len(guides)]
            self.first.do("assign", moment, delivery=row["id"], guide=guide)
            if self._hand_over(moment, row["id"], guide):
                self._bring(moment + timedelta(minutes=20 + 4 * number), row["id"])
        self.say(moment, f"{len(rows)} left over are assigned by hand", page="board")

    def pictures(self, moment: datetime) -> None:
        """Every page in the middle of the day, unplugged."""
        for page in PAGES:
            self.stage.picture(moment, page, page)

    def later_file(self, moment: datetime) -> None:
        """The shop's next export: one order cancelled, one moved, one new."""
        report = self.first.do("import", moment, files=[str(self.data / LATER)]).result
        self.say(moment, f"later export: {report['updated']} changed, {report['cancelled']} cancelled", page="orders")

    def cut(self, moment: datetime) -> None:
        """The network fails, and both counters promise one order to different guides."""
        self.sync_both(moment)
        self.network.cut()
        waiting = self.first.do("waiting", moment).result
        guides = [guide["id"] for guide in self.first.do("guides", moment).result]
        rival = waiting[-1]["id"]
        self.first.do("assign", moment, delivery=rival, guide=guides[0])
        self.second.do("assign", moment, delivery=rival, guide=guides[1])
        self.say(moment, "the network is down; both counters assign one order to different guides", page="board")

    def reconnect(self, moment: datetime) -> None:
        """It is back, but the first reply is lost after the hub has committed: the retry is answered *replayed*."""
        self.network.restore(lose_next_reply=True)
        first_try = self.first.do("sync", moment).result
        self.network.restore()
        self.day.syncs.append(first_try)
        self.sync_both(moment)
        self.sync_both(moment)
        self.say(moment, f"the network is back; {self.day.replayed} commands were answered as replayed", page="sync")

    def sync_both(self, moment: datetime) -> None:
        """Both counters exchange with the hub, the first once more for what the second sent."""
        for counter in (self.first, self.second, self.first):
            done = counter.do("sync", moment).result
            self.day.replayed += done.get("replayed", 0)
            self.day.syncs.append({"counter": counter.name} | done)

    def evening(self) -> None:
        """A person settles what waits, counts shelves and closes the day."""
        moment = at("20:30")
        self.stage.picture(moment, "attention", "attention-evening")
        for counter in (self.first, self.second):
            for row in counter.do("attention", moment).result:
                if row["source"] == "refused":
                    counter.do("accept", moment, command=row["id"])
                    self.day.told += 1
                    self.say(
                        moment, f"counter {counter.name} was told that another guide won; accepted", page="attention"
                    )
        stock = self.first.do("stock", moment).result
        for number, sku in enumerate(COUNTED):
            self.first.do("count", moment, sku=sku, quantity=max(0, stock[sku] - number))
        self.first.do("close_day", moment)
        self.sync_both(moment)
        self.say(moment, f"{len(COUNTED)} shelves counted, the day is closed", page="report")
        self.stage.picture(moment, "report", "report-closed")
        self.stage.picture(moment, "sync", "sync-evening")
