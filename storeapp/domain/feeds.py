"""The numbered streams of changes that a hub keeps: one for the brand, one a store."""

from functools import lru_cache

BRAND_FEED = "brand"


@lru_cache(maxsize=8192)
def store_feed(store: str) -> str:
    """The feed that carries everything of one store; asked for each row, so it is not made each time."""
    return f"store:{store}"


def feeds_of(store: str) -> tuple[str, str]:
    """The feeds that a counter of a store follows; the brand's first, because the store's rows refer to it."""
    return BRAND_FEED, store_feed(store)
