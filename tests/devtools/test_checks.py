"""A broken check stops what comes after its group, and the summary names it."""

from devtools.checks import Outcome, Status, Step, pytest_steps, run_groups, static_steps, summary

FORMAT, LINT, TESTS = (Step(name, (name,)) for name in ("format", "lint", "tests"))


def statuses(failing: set[str]) -> list[tuple[str, Status]]:
    outcomes = run_groups([[FORMAT, LINT], [TESTS]], lambda step: int(step.name in failing))
    return [(outcome.name, outcome.status) for outcome in outcomes]


def test_all_steps_run_when_none_fails() -> None:
    assert statuses(set()) == [("format", Status.OK), ("lint", Status.OK), ("tests", Status.OK)]


def test_a_failure_lets_its_group_finish_and_skips_the_next() -> None:
    assert statuses({"format"}) == [("format", Status.FAILED), ("lint", Status.OK), ("tests", Status.SKIPPED)]


def test_a_failure_in_the_last_group_is_reported() -> None:
    assert statuses({"tests"})[-1] == ("tests", Status.FAILED)


def test_the_summary_says_what_failed_and_what_was_not_tried() -> None:
    outcomes = [Outcome("format", Status.OK, 0.1), Outcome("types", Status.FAILED, 2), Outcome("tests", Status.SKIPPED)]
    assert summary(outcomes) == "FAILED in 2.1 s: format ok 0.1 s, types FAILED 2.0 s, tests skipped"


def test_the_summary_of_a_good_run_says_passed() -> None:
    assert summary([Outcome("format", Status.OK, 0.1)]) == "passed in 0.1 s: format ok 0.1 s"


def test_all_tests_run_with_coverage() -> None:
    (step,) = pytest_steps([], nightly=False)
    assert "--cov" in step.command
    assert "-m" not in step.command[3:]


def test_named_tests_run_alone() -> None:
    (step,) = pytest_steps(["tests/devtools", "-x"], nightly=False)
    assert step.command[-2:] == ("tests/devtools", "-x")
    assert "--cov" not in step.command


def test_nightly_lifts_the_marker_and_searches_harder() -> None:
    (step,) = pytest_steps([], nightly=True)
    assert step.command[4:6] == ("-m", "")
    assert "--hypothesis-profile=nightly" in step.command


def test_format_lint_types_and_imports_are_checked() -> None:
    assert [step.name for step in static_steps()] == ["format", "lint", "types", "imports"]
