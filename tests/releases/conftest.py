"""What hubs have left is upgraded on both databases."""

from tests.support.databases import postgres

__all__ = ["postgres"]
