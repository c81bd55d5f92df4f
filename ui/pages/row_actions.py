"""Makes the actions of a page that are about its picked order, so that all ask in one way whether they can be done."""

from collections.abc import Callable, Collection

from storeapp.domain.delivery import DeliveryState
from storeapp.services.rows import OrderRow
from ui.kit.actions import Action

EVERY_STATE = frozenset(DeliveryState)


class RowActions:
    """Actions named ``<page>.<name>`` with the words ``<page>.act.<name>``."""

    def __init__(self, page: str, picked: Callable[[], OrderRow | None]) -> None:
        self._page = page
        self._picked = picked

    def make(
        self,
        name: str,
        run: Callable[[OrderRow], None],
        *,
        icon: str,
        shortcut: str = "",
        hint: str = "",
        states: Collection[DeliveryState] = EVERY_STATE,
        test: Callable[[OrderRow], bool] = lambda _row: True,
    ) -> Action:
        """An action on the picked order, while its state and the test allow it."""

        def act() -> None:
            row = self._picked()
            if row is not None:
                run(row)

        def can() -> bool:
            row = self._picked()
            return row is not None and row.state in states and test(row)

        return Action(
            f"{self._page}.{name}",
            f"{self._page}.act.{name}",
            act,
            icon=icon,
            shortcut=shortcut,
            hint=hint,
            enabled=can,
        )
