"""The queries behind a day's figures."""

from datetime import datetime

from sqlite_utils import Database

from storeapp.domain.delivery import DeliveryState
from storeapp.store.errors import translate_sqlite_errors
from storeapp.store.views import seconds, stamp

_DONE = (DeliveryState.DELIVERED, DeliveryState.COLLECTED, DeliveryState.CANCELLED)


@translate_sqlite_errors()
def finished(db: Database, start: datetime, end: datetime) -> list[str]:
    """Deliveries that ended in this stretch of time, in order: with the customer, or cancelled."""
    sql = f"""SELECT id FROM delivery_view WHERE state IN ({",".join("?" * len(_DONE))})
        AND finished_at >= ? AND finished_at < ? ORDER BY finished_at, n"""
    return [key for (key,) in db.execute(sql, (*_DONE, seconds(start), seconds(end)))]


@translate_sqlite_errors()
def still_open(db: Database, end: datetime) -> list[str]:
    """Deliveries of orders that came before an instant and are open now, the most urgent first."""
    sql = "SELECT id FROM delivery_view WHERE status = 'open' AND created_at < ? ORDER BY window_end, n"
    return [key for (key,) in db.execute(sql, (seconds(end),))]


@translate_sqlite_errors()
def cases(db: Database, start: datetime, end: datetime) -> list[str]:
    """Exceptions that were opened in this stretch of time, in order."""
    sql = "SELECT id FROM case_view WHERE opened_at >= ? AND opened_at < ? ORDER BY opened_at, id"
    return [key for (key,) in db.execute(sql, (stamp(start), stamp(end)))]
