"""A process that ends lets go of all that it held, whatever it was doing, as the system sees to outside of a test."""

import sqlite3
from contextlib import closing

from tests.simulation.faults import Fault, Kind
from tests.simulation.machine import Days, jobs
from tests.simulation.world import World


def test_who_dies_while_another_program_works_there_holds_no_lock() -> None:
    with World() as world:
        world.jobs = jobs
        desk = world.desks["one"]
        for statement in range(40, 160):
            world.exchange("one", [Fault(), Fault(Kind.WORKED, 1)], dies_at=statement, afresh=True)
            for path in sorted(desk.home.glob("*.db")):
                with closing(sqlite3.connect(path, timeout=0)) as beside:
                    beside.execute("BEGIN IMMEDIATE")
        assert world.deaths == len(range(40, 160))


def test_a_counter_that_joined_after_the_backup_is_not_known_to_the_restored_hub() -> None:
    days = Days()
    days.begin(met=False)
    days.hub_backup(keep=True)
    days.the_late_joins()
    days.hub_backup(keep=False)
    assert days.world.is_forgotten("late")
    days.exchange("late", [], None, afresh=False, copy=False)
    days.world.join()
    assert not days.world.is_forgotten("late")
    days.exchange("late", [], None, afresh=False, copy=False)
    days.teardown()
