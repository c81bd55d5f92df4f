"""Whatever happens, in whatever order: nothing saved is lost, and in quiet everybody sees the same."""

from hypothesis import settings

from tests.simulation.machine import Days

Days.TestCase.settings = settings(max_examples=40, stateful_step_count=40, derandomize=True, database=None)
TestDays = Days.TestCase
