"""Turns rows as they came over the wire into pages that a counter can read."""

from msgspec import UNSET

from storeapp.services.pages import IncomingPage, KeyBox, ReadPage, TransportedKey
from storeapp.store.cache import NOTHING, Row
from sync.protocol.messages import WireRow


def together(pages: list[tuple[ReadPage, int]]) -> tuple[ReadPage, int]:
    """Pages that follow each other as one, with what stands beside the last."""
    page = pages[0][0]
    for later, _ in pages[1:]:
        page.add(later)
    return page, pages[-1][1]


def incoming(feed: str, epoch: str, upto: int, rows: list[WireRow]) -> IncomingPage:
    """Rows of a feed that bring all their keys."""
    # Column by column, which takes less than row by row.
    kinds, ids, versions = [row.kind for row in rows], [row.id for row in rows], [row.version for row in rows]
    bodies = [NOTHING if row.body is UNSET else row.body for row in rows]
    return IncomingPage(
        feed=feed,
        epoch=epoch,
        upto=upto,
        rows=dict(zip(zip(kinds, ids, strict=True), map(Row, kinds, ids, versions, bodies), strict=True)),
        keys=[TransportedKey(key.subject, key.key_id, key.wrapped) for row in rows for key in row.keys],
        boxes=_boxes(rows),
    )


def _boxes(rows: list[WireRow]) -> list[KeyBox]:
    boxes: list[KeyBox] = []
    subjects: list[str] = []
    for row in rows:
        if row.opens:
            subjects += [subject or row.id for subject in row.opens]
        if row.box:
            boxes.append(KeyBox(tuple(subjects), row.box))
            subjects = []
    return boxes
