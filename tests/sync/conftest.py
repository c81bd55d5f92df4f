"""The counters meet a hub on either database."""

from tests.support.databases import database, hub, postgres

__all__ = ["database", "hub", "postgres"]
