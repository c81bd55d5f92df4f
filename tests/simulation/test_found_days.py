"""Days that chance once found to end badly, as short as they could be made."""

from tests.simulation.machine import Days


def test_what_a_restored_hub_decides_otherwise_is_read_anew() -> None:
    """A count of the shelf finds another difference when what was cancelled before it is gone."""
    day = Days()
    try:
        day.begin(met=True)
        day.hub_backup(keep=True)
        day.work_while_it_exchanges(name="two", which=18, calls=1)
        day.holds()
        day.work_while_it_exchanges(name="one", which=11, calls=1)
        day.holds()
        day.hub_backup(keep=False)
        day.holds()
    finally:
        day.teardown()
