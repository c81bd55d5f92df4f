from types import SimpleNamespace

from storeapp.codec import encode_events
from storeapp.domain.stock import Movement, StockMoved
from tests.simulation.records import Reader
from tests.support.hubs import START


def test_what_a_restored_hub_decides_otherwise_is_read_anew() -> None:
    """A count of the shelf finds another difference when what was cancelled before it is gone."""
    reader = Reader()
    for quantity in (1, 2):
        event = StockMoved("XH/BL-001", Movement.COUNTED, quantity, START)
        row = SimpleNamespace(
            n=7, command_id="c", kind="count_stock", store="XH", device="d", events=encode_events([event])
        )
        assert reader._happened(row).events == (event,)
