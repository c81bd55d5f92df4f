"""Every behaviour of the hub is tested on both databases."""

from tests.support.callers import caller, server
from tests.support.databases import database, hub, postgres
from tests.support.people import client

__all__ = ["caller", "client", "database", "hub", "postgres", "server"]
