"""Every test of papers needs a running Qt application for its fonts."""

import pytest


@pytest.fixture(autouse=True)
def _fonts(qapp):
    """Keep the application alive for the test."""
