"""Every behaviour of the hub is tested on both databases."""

from tests.support.databases import database, hub, postgres

__all__ = ["database", "hub", "postgres"]
