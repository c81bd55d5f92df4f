import pytest

from storeapp.domain.rules.stock import MAX_PIECES, CountStock, MoveStock, OpenStock
from storeapp.domain.stock import Movement, StockItem, StockMoved
from tests.storeapp.world import STORE, World, a_store


def test_opening_counts_and_shelves() -> None:
    world = World()
    world.must(OpenStock(STORE, "A", 7, "R2"))
    item = world.get(StockItem, f"{STORE}/A")
    assert item is not None
    assert (item.on_hand, item.bin, item.sku, item.counted_at) == (7, "R2", "A", world.now)


def test_opening_with_nothing_still_makes_the_item() -> None:
    world = World()
    world.must(OpenStock(STORE, "A", 0))
    assert world.get(StockItem, f"{STORE}/A") is not None


def test_opening_again_squares_like_a_count() -> None:
    world = a_store(A=5)
    events = world.must(OpenStock(STORE, "A", 3))
    moved = [(e.movement, e.quantity) for e in events if isinstance(e, StockMoved)]
    assert moved == [(Movement.OPENING, -2)]


def test_a_count_that_agrees_moves_nothing() -> None:
    world = a_store(A=5)
    assert not any(isinstance(e, StockMoved) for e in world.must(CountStock(STORE, "A", 5)))


def test_a_movement_below_zero_stands_and_asks_once() -> None:
    world = a_store(A=1)
    world.must(MoveStock(STORE, "A", Movement.SOLD, -3))
    world.must(MoveStock(STORE, "A", Movement.SOLD, -1))
    assert (world.stock(), world.cases()) == ((-3, 0), ["stock_below_zero"])


def test_a_count_answers_the_question_and_the_next_one_is_asked_again() -> None:
    world = a_store(A=1)
    world.must(MoveStock(STORE, "A", Movement.SOLD, -3))
    world.must(CountStock(STORE, "A", 1))
    assert world.cases() == []
    world.must(MoveStock(STORE, "A", Movement.SOLD, -3))
    assert world.cases() == ["stock_below_zero"]


def test_an_article_of_another_name_with_a_slash_keeps_it() -> None:
    world = World()
    world.must(OpenStock(STORE, "A/1", 2))
    item = world.get(StockItem, f"{STORE}/A/1")
    assert item is not None
    assert (item.store, item.sku) == (STORE, "A/1")


@pytest.mark.parametrize("quantity", [-1, MAX_PIECES + 1])
def test_no_shelf_holds_fewer_than_none_or_millions(quantity: int) -> None:
    for of in (OpenStock, CountStock):
        with pytest.raises(ValueError, match="shelf"):
            of(STORE, "A", quantity)
    with pytest.raises(ValueError, match="shelf"):
        MoveStock(STORE, "A", Movement.RECEIVED, MAX_PIECES + 1)
