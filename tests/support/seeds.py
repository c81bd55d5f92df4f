"""Seeds of long runs: by chance, always told, and given again where a run has to be repeated."""

import os
import random

import pytest


def seed_of(name: str, capsys: pytest.CaptureFixture[str]) -> int:
    """The seed in the environment's ``NAME_SEED``, else one by chance; it is printed whatever becomes of the test."""
    variable = f"{name.upper()}_SEED"
    seed = int(os.environ.get(variable) or random.SystemRandom().getrandbits(32))
    with capsys.disabled():
        print(f"\n{variable}={seed}", flush=True)
    return seed
