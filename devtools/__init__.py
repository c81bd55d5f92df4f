"""Developers' tools behind ``dev.py``; everything that sets the environment up needs the standard library only."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

EXIT_ENVIRONMENT = 3


class SetupProblem(Exception):
    """The machine lacks something that only its owner can give; the text says exactly what to do."""
