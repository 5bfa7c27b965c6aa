"""A full disk at each stage: one line that says so, exit 1, nothing half written, the old output still there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from micro import Micro

from moien.stages import BY_NAME, STAGES


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-o", "size=48k", "-t", "tmpfs"]
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", *options, "tmpfs", str(disk)], capture_output=True).returncode
    ):
        pytest.skip("needs the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("stage", [s.name for s in STAGES if s.output])
def test_a_full_disk_is_said_and_nothing_is_left_behind(micro: Micro, tiny_disk: Path, stage: str) -> None:
    for earlier in STAGES[
        1 : BY_NAME[stage].number
    ]:  # inputs lie elsewhere, what the stage writes on the tiny disk
        inner = earlier.output.replace("/R", "/micro")  # type: ignore[union-attr]
        (tiny_disk / inner).parent.mkdir(parents=True, exist_ok=True)
        (tiny_disk / inner).symlink_to(micro.work_dir / inner)
    result = Micro(micro.recipe, tiny_disk, "").run("--stage", stage, "--stop-stage", stage)
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert "is full" in said and "free some" in said
    assert "Traceback" not in said
    output = tiny_disk / BY_NAME[stage].output.replace("/R", "/micro")  # type: ignore[union-attr]
    assert not output.exists()
    assert not list(output.parent.glob(".*.tmp"))
