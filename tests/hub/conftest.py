"""Every behaviour of the hub is tested on both databases."""

from tests.support.callers import caller, server
from tests.support.databases import database, hub, postgres

__all__ = ["caller", "database", "hub", "postgres", "server"]
