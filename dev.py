"""The one door for developers: sets the environment up, then runs the demo, the checks or a build."""

import sys


def main() -> int:
    """Refuse a Python that is too old in words it can still run, then hand over."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this check exists for those older interpreters
        print("storeapp needs Python 3.11 or newer; this is Python " + sys.version.split()[0], file=sys.stderr)
        return 3
    from devtools.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
