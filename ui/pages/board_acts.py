"""What the board does: assigns, takes back, accepts proposals; each with an undo that is a command of its own."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from storeapp.domain.kernel import Refusal
from storeapp.services import dispatch
from storeapp.services.counter import Actor, Counter
from storeapp.services.dispatch import Applied, Assignment, Proposal
from storeapp.services.rows import OrderRow
from ui.desk import Desk
from ui.kit.messages import Level
from ui.pages.order_words import card_number


class BoardActs(QObject):
    """Assignments by hand and by proposal."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk

    def assign(self, row: OrderRow, guide: str, name: str) -> None:
        """Give a delivery to a guide; undo gives it back to whom it belonged."""
        self._assign(row, guide, name, base=row.assignments, undo=self._before(row, row.assignments + 1))

    def accept(self, row: OrderRow, item: Assignment, name: str, proposal: Proposal) -> None:
        """Do what the proposal says of one delivery, if nobody assigned it meanwhile."""

        def call(counter: Counter, actor: Actor) -> dispatch.Result:
            return dispatch.take(counter, actor, item, proposal)

        self._run(call, "board.assigned", row, name, undo=self._before(row, item.base + 1))

    def unassign(self, row: OrderRow) -> None:
        """Take a delivery back from its guide; undo gives it back."""
        base = row.assignments

        def call(counter: Counter, actor: Actor) -> dispatch.Result:
            return dispatch.unassign(counter, actor, row.id, base=base)

        def back() -> None:
            self._assign(row, row.guide, row.guide_name, base=base + 1, undo=None)

        self._run(call, "board.unassigned", row, row.guide_name, undo=back)

    def accept_all(self, proposal: Proposal) -> None:
        """Do everything a proposal says; undo takes back what nobody has touched since."""

        def done(applied: Applied) -> None:
            taken = [item for item in proposal.assignments if item.delivery_id in set(applied.done)]
            words = [self._desk.words.text("board.accepted_all", n=len(taken))]
            if applied.refused:
                words.append(self._desk.words.text("board.some_refused", n=len(applied.refused)))
                words.append(self._desk.refusal(applied.refused[0].refusal))
            self._desk.undo = (lambda: self._take_back(taken)) if taken else None
            level = Level.WARN if applied.refused else Level.DONE
            self._desk.say(level, " · ".join(words), undoable=bool(taken))

        self._desk.act(lambda counter, actor: dispatch.apply(counter, actor, proposal), done=done, owner=self)

    def _take_back(self, items: Sequence[Assignment]) -> None:
        def call(counter: Counter, actor: Actor) -> int:
            results = [dispatch.unassign(counter, actor, i.delivery_id, base=i.base + 1) for i in items]
            return sum(not isinstance(result, Refusal) for result in results)

        def done(count: int) -> None:
            self._desk.tell(None, "board.taken_back", n=count)

        self._desk.act(call, done=done, owner=self)

    def _before(self, row: OrderRow, base: int) -> Callable[[], None]:
        """An undo: the delivery goes back to the guide it had, or waits again."""
        if row.guide:
            return lambda: self._assign(row, row.guide, row.guide_name, base=base, undo=None)

        def call(counter: Counter, actor: Actor) -> dispatch.Result:
            return dispatch.unassign(counter, actor, row.id, base=base)

        return lambda: self._run(call, "board.unassigned", row, "", undo=None)

    def _assign(self, row: OrderRow, guide: str, name: str, *, base: int, undo: Callable[[], None] | None) -> None:
        def call(counter: Counter, actor: Actor) -> dispatch.Result:
            return dispatch.assign(
                counter, actor, row.id, guide, base=base, eta=row.eta if guide == row.guide else None
            )

        self._run(call, "board.assigned", row, name, undo=undo)

    def _run(
        self,
        call: Callable[[Counter, Actor], dispatch.Result],
        code: str,
        row: OrderRow,
        name: str,
        *,
        undo: Callable[[], None] | None,
    ) -> None:
        def done(result: dispatch.Result) -> None:
            self._desk.tell(result, code, undo=undo, number=card_number(row.order_no), guide=name)

        self._desk.act(call, done=done, owner=self)
