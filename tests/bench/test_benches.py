import importlib
import pkgutil

import pytest

import bench


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(bench.__path__)])
def test_every_bench_can_be_started(name: str) -> None:
    importlib.import_module(f"bench.{name}")
