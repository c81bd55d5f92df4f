"""The bundle's program has the name that its system expects."""

from pathlib import Path

from devtools.bundle import frozen_program, size_mb


def test_the_program_has_its_systems_name() -> None:
    assert frozen_program(Path("d"), windows=True) == Path("d/storeapp.exe")
    assert frozen_program(Path("d"), windows=False) == Path("d/storeapp")


def test_the_size_of_a_folder_counts_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"x" * 1_000_000)
    (tmp_path / "b").write_bytes(b"x" * 500_000)
    assert size_mb(tmp_path) == 1.5
