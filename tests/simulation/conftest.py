from tests.support.databases import database, hub, postgres

__all__ = ["database", "hub", "postgres"]
