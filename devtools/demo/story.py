"""The story of the day: who does what when, at two counters of one store, with the network gone for half of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from devtools.demo.agenda import Agenda
from devtools.demo.client import CounterProcess
from devtools.demo.stage import Stage
from devtools.proxy import DOWN, HEALTHY, Fault, Proxy

DAY = "2026-11-21"
FILES = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
LATER = "orders-weixin-shop-later.json"
WAVES = ("09:30", "10:30", "11:20", "12:10", "13:10", "14:10", "15:20", "16:30", "17:30", "18:20", "19:10")
CUT_FROM, CUT_TO = "12:00", "18:00"
PICTURED = "14:23"
PAGES = ("board", "handoff", "orders", "stock", "guides", "attention", "sync", "report", "settings")
LOOK_AHEAD = timedelta(minutes=100)
PIECES = 25
PAINTED = 3
"""So many slips are left as pictures; the rest is only printed in the story."""
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
    offline_syncs: int = 0
    """Exchanges that were tried in vain, and lost nothing."""
    steps: list[str] = field(default_factory=list)


class Story:
    """Plays the day on two running counters; ``enrol`` makes one of them part of the hub."""

    def __init__(
        self,
        first: CounterProcess,
        second: CounterProcess,
        *,
        network: Proxy,
        data: Path,
        papers: Path,
        stage: Stage,
        enrol: Callable[[CounterProcess, datetime], None],
    ) -> None:
        self.first, self.second = first, second
        self.network = network
        self.data = data
        self.papers = papers
        self.stage = stage
        self.day = Day()
        self._enrol = enrol
        self._agenda = Agenda()
        self._badges: dict[str, str] = {}
        self._early: list[tuple[str, str, str]] = []
        self._turn = 0

    def play(self) -> None:
        """The whole day."""
        put = self._agenda.put
        put(at("08:30"), self._morning)
        put(at("08:50"), self._join_the_hub)
        put(at("09:05"), self._papers_stay_valid)
        put(at("09:20"), self._goods_arrive)
        self._agenda.every(20, start=at("09:00"), end=at("21:00"), happening=self._sync_both)
        for clock in WAVES:
            put(at(clock), self._wave)
        put(at("11:50"), self._later_file)
        put(at(CUT_FROM), self._cut)
        put(at(PICTURED), self._pictures)
        put(at(CUT_TO), self._reconnect)
        put(at("19:20"), self._by_hand)
        put(at("20:50"), self._evening)
        self._agenda.play()

    def _say(self, moment: datetime, code: str, *, page: str = "", **data: object) -> None:
        """One line of the day, for people, for the window and for the summary."""
        line = self.stage.cue(moment, page=page, code=f"demo.{code}", **data)
        self.day.steps.append(f"{moment:%H:%M} {line}")
        print(f"  {moment:%H:%M}  {line}", flush=True)

    def _morning(self, moment: datetime) -> None:
        """The counter stands alone: orders come in from four files, badges and the first slips are printed."""
        report = self.first.do("import", moment, files=[str(self.data / name) for name in FILES]).result
        self._say(moment, "imported", page="orders", orders=report["imported"], others=report["other_store"])
        for guide in self.first.do("guides", moment).result:
            out = str(self.papers / f"badge-{guide['id']}")
            self._badges[guide["id"]] = self.first.do("badge", moment, guide=guide["id"], out=out).result["token"]
        for number, (delivery, guide_id) in enumerate(self._plan(moment).items()):
            out = str(self.papers / f"slip-{delivery}") if number < PAINTED else ""
            token = self.first.do("slip", moment, delivery=delivery, out=out).result["token"]
            self._early.append((delivery, guide_id, token))
        self._say(moment, "printed", page="board", badges=len(self._badges), slips=len(self._early))

    def _join_the_hub(self, moment: datetime) -> None:
        """The first counter has worked alone since morning; the second is a new PC."""
        for counter in (self.first, self.second):
            self._enrol(counter, moment)
        self._sync_both(moment)
        self._say(moment, "enrolled", page="sync")

    def _papers_stay_valid(self, moment: datetime) -> None:
        """What was printed stand-alone is scanned after enrolment, also at the counter that never saw it printed."""
        good = [one for one in self._early if self._scan(moment, one[0], guide=one[1], slip=one[2])]
        guide = self._early[0][1]
        self.first.do("run_sheet", moment, guide=guide, out=str(self.papers / f"run-sheet-{guide}"))
        for number, (delivery, _, _) in enumerate(good):
            self._bring_later(moment, delivery, number)
        self._say(moment, "papers_good", page="handoff", slips=len(good))

    def _goods_arrive(self, moment: datetime) -> None:
        """A carton of everything; what was short is promised now."""
        stock = self.first.do("stock", moment).result
        for sku in stock:
            self.first.do("receive", moment, sku=sku, quantity=PIECES)
        self._say(moment, "goods", page="stock", pieces=PIECES, articles=len(stock))

    def _wave(self, moment: datetime) -> None:
        """Promise what is late anew, plan what is due, print its slips, hand it over, deliver it."""
        late = [row for row in self._waiting(moment) if datetime.fromisoformat(row["window"][1]) <= moment]
        for row in late:
            window = [moment.isoformat(), (moment + timedelta(minutes=90)).isoformat()]
            self.first.do("reschedule", moment, order=row["order_id"], window=window)
        planned = self._plan(moment)
        self._say(moment, "planned", page="board", planned=len(planned), late=len(late))
        for number, (delivery, guide) in enumerate(planned.items()):
            handing = partial(self._hand_over, delivery=delivery, guide=guide, number=number)
            self._agenda.put(moment + timedelta(minutes=3 + number), handing)

    def _plan(self, moment: datetime) -> dict[str, str]:
        """Who takes what is due soon, accepted as proposed."""
        due = [row["id"] for row in self._waiting(moment) if self._is_due(row, moment)]
        planned: dict[str, str] = self.first.do("dispatch", moment, only=due).result["planned"]
        return planned

    def _waiting(self, moment: datetime) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.first.do("waiting", moment).result
        return rows

    @staticmethod
    def _is_due(row: dict[str, Any], moment: datetime) -> bool:
        return datetime.fromisoformat(row["window"][0]) <= moment + LOOK_AHEAD

    def _hand_over(self, moment: datetime, *, delivery: str, guide: str, number: int) -> None:
        slip = self.first.do("slip", moment, delivery=delivery)
        if slip.refused is None and self._scan(moment, delivery, guide=guide, slip=slip.result["token"]):
            self._bring_later(moment, delivery, number)

    def _scan(self, moment: datetime, delivery: str, *, guide: str, slip: str) -> bool:
        """With the network up every third scan is the second counter's, which then knows what the first planned."""
        self._turn += 1
        counter = self.second if self.network.up and self._turn % 3 == 0 else self.first
        if counter is self.second:
            self._sync_both(moment)
        scanned = counter.do("scan", moment, badge=self._badges[guide], slip=slip)
        verdict = scanned.refused or scanned.result["verdict"]
        self.day.verdicts[verdict] = self.day.verdicts.get(verdict, 0) + 1
        self.stage.cue(moment, page="handoff")
        if verdict != "ok":
            self._say(moment, "not_ok", page="handoff", delivery=delivery, counter=counter.name, verdict=verdict)
        elif counter is self.second:
            self._sync_both(moment)
        return bool(verdict == "ok")

    def _bring_later(self, moment: datetime, delivery: str, number: int) -> None:
        self._agenda.put(moment + timedelta(minutes=16 + 3 * number), partial(self._bring, delivery=delivery))

    def _bring(self, moment: datetime, *, delivery: str) -> None:
        """The customer says the code; one parcel of the day was dropped on the way, while the network was down."""
        if not self.day.returned and not self.network.up:
            self.day.returned.append(delivery)
            self.first.do("return", moment, delivery=delivery, reason="damaged")
            self._say(moment, "damaged", page="attention")
            return
        row = self.first.do("delivery", moment, delivery=delivery).result
        if self.first.do("deliver", moment, delivery=delivery, order=row["order_id"]).refused is None:
            self.day.delivered += 1

    def _later_file(self, moment: datetime) -> None:
        """The shop's next export: one order cancelled, one moved, one new."""
        report = self.first.do("import", moment, files=[str(self.data / LATER)]).result
        counts = {name: report[name] for name in ("imported", "updated", "cancelled")}
        self._say(moment, "later_file", page="orders", **counts)

    def _cut(self, moment: datetime) -> None:
        """The network fails, and both counters promise one order to different guides."""
        self._sync_both(moment)
        self.network.become(DOWN)
        guides = [guide["id"] for guide in self.first.do("guides", moment).result]
        rival = self._waiting(moment)[-1]["id"]
        self.first.do("assign", moment, delivery=rival, guide=guides[0])
        self.second.do("assign", moment, delivery=rival, guide=guides[1])
        self._say(moment, "cut", page="board")

    def _reconnect(self, moment: datetime) -> None:
        """It is back, but replies are lost after the hub has committed: the retry is answered *replayed*."""
        # Every reply, because a batch that has overtaken the one before it is answered first, with nothing done.
        self.network.become(Fault(cut_reply=0, watched=b"POST /v1/commands"))
        self.first.do("sync", moment)
        self.network.become(HEALTHY)
        self._sync_both(moment)
        self._sync_both(moment)
        self._say(moment, "back", page="sync", replayed=self.day.replayed)

    def _sync_both(self, moment: datetime) -> None:
        """Both counters exchange with the hub, the first once more for what the second sent."""
        for counter in (self.first, self.second, self.first):
            report = counter.do("sync", moment).result
            self.day.replayed += report["replayed"]
            self.day.offline_syncs += report["problem"] == "offline"
            if counter is self.first:
                self.stage.problem = report["problem"]

    def _by_hand(self, moment: datetime) -> None:
        """What no plan takes, because nobody knows its place, a person still gives to a guide."""
        guides = [guide["id"] for guide in self.first.do("guides", moment).result if guide["on_shift"]]
        rows = self._waiting(moment)
        for number, row in enumerate(rows):
            guide = guides[number % len(guides)]
            self.first.do("assign", moment, delivery=row["id"], guide=guide)
            handing = partial(self._hand_over, delivery=row["id"], guide=guide, number=number)
            self._agenda.put(moment + timedelta(minutes=1 + number), handing)
        self._say(moment, "by_hand", page="board", deliveries=len(rows))

    def _pictures(self, moment: datetime) -> None:
        """Every page in the middle of the day, unplugged."""
        for page in PAGES:
            self.stage.picture(moment, page, page)

    def _evening(self, moment: datetime) -> None:
        """A person settles what waits, counts shelves and closes the day."""
        self.stage.picture(moment, "attention", "attention-evening")
        lost: set[str] = set()
        for counter in (self.first, self.second):
            for row in counter.do("attention", moment).result:
                # What hangs on another one goes with it; at the other counter it may be accepted already.
                if row["source"] == "refused" and not row["root"]:
                    counter.do("accept", moment, command=row["id"])
                    lost.add(row["id"])
                    self._say(moment, "told", page="attention", counter=counter.name)
        self.day.told = len(lost)
        stock = self.first.do("stock", moment).result
        for number, sku in enumerate(COUNTED):
            self.first.do("count", moment, sku=sku, quantity=max(0, stock[sku] - number))
        self.first.do("close_day", moment)
        self._sync_both(moment)
        self._say(moment, "closed", page="report", shelves=len(COUNTED))
        self.stage.picture(moment, "report", "report-closed")
        self.stage.picture(moment, "sync", "sync-evening")
