"""Settings that every test needs: Qt without a screen, no stray error logs, and how hard hypothesis searches."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.patience import PatientBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# No test judges wall-clock time: a busy machine is not a failure.
PATIENT = [HealthCheck.too_slow]
settings.register_profile("dev", deadline=None, suppress_health_check=PATIENT)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.register_profile("nightly", parent=settings.get_profile("dev"), max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def no_stray_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that logs an error; one that provokes it on purpose checks it, then calls ``caplog.clear()``."""
    yield
    stray = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not stray, f"stray error logs: {stray}"


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> PatientBot:
    """The robot for windows, in place of pytest-qt's."""
    assert qapp is not None
    return PatientBot(request)
