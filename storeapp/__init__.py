"""The counter without a screen: everything a store's PC does, with no Qt and no HTTP."""

from datetime import UTC, datetime

__version__ = "0.1.0"
BUILT_AT = datetime(2026, 11, 1, tzinfo=UTC)
"""The program is not older than this, so a clock that shows an earlier time is wrong."""
