"""What happens to a stage's disk and inputs while it works: an error that names it, and the same bytes after it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from micro import Micro, import_all
from test_kills import same, start, undisturbed

from moien.recipe.stages import BY_NAME, STAGES, Stage

WITH_INPUTS = [stage.name for stage in STAGES if stage.inputs]


@pytest.fixture
def copy(micro: Micro, tmp_path: Path) -> Micro:
    """A finished run that may be damaged."""
    import_all()
    there = replace(micro, work_dir=tmp_path / "work")
    shutil.copytree(micro.work_dir, there.work_dir, symlinks=True)
    return there


def largest(folder: Path) -> Path:
    """The largest file."""
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def remove(made: Micro, stage: Stage) -> None:
    """Take away what the stage reads first."""
    folder = made.output(BY_NAME[stage.inputs[-1]])
    folder.rename(folder.with_name("taken away"))


def truncate(made: Micro, stage: Stage) -> None:
    """Halve the largest file that the stage reads."""
    path = largest(made.output(BY_NAME[stage.inputs[-1]]))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [remove, truncate])
@pytest.mark.parametrize("name", WITH_INPUTS)
def test_an_input_that_is_damaged_under_way(
    micro: Micro, copy: Micro, name: str, damage: Callable[[Micro, Stage], None], tmp_path: Path
) -> None:
    stage, log = BY_NAME[name], tmp_path / "log"
    run = start(copy, ("--stage", name, "--stop-stage", name, "--force", "--reset"), log)
    folder = copy.output(stage)
    temporary = folder.with_name(f".{folder.name}.tmp")
    while run.poll() is None and not temporary.exists():
        time.sleep(0.005)
    damage(copy, stage)
    code = run.wait()
    printed = log.read_text()
    assert code in (0, 1), printed  # 0: it had read the input before
    assert "Traceback" not in printed
    if code:
        assert "error: " in printed
    assert not temporary.exists()
    undisturbed(copy, (), log)  # all that is not as it was is made again
    compared = same(micro, copy)
    assert compared.returncode == 0, compared.stdout + compared.stderr


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A disk that can be read only."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_cannot_be_written_is_named(micro: Micro, read_only: Path) -> None:
    ended = replace(micro, work_dir=read_only).run("--stage", "data")
    assert ended.returncode == 1
    assert "Read-only file system" in ended.stderr
    assert "Traceback" not in ended.stderr
