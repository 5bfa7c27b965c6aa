"""The recipe `mini` in several clones, made in several ways: the same bytes in every file; `make repro-test`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from container import clone

from moien.recipe.settings import ROOT
from moien.recipe.stages import STAGES


def run_sh(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Begin `run.sh` of a clone, in a session of its own."""
    return subprocess.Popen(
        [str(folder / "run.sh"), "--recipe", "mini", *arguments],
        env=os.environ | {"MOIEN_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(run: subprocess.Popen[str]) -> None:
    """Wait for its end, which must be a good one."""
    printed, _ = run.communicate()
    assert run.returncode == 0, printed[-3000:]


def assert_equal(one: Path, other: Path) -> None:
    """`moien diff`, which reads every file; and all manifests, to the byte."""
    runs = [str(folder / "exp" / "mini") for folder in (one, other)]
    done = subprocess.run(
        [sys.executable, "-m", "moien", "diff", *runs], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    for stage in STAGES:
        if stage.output:
            name = stage.output.replace("/R", "/mini") + "/manifest.json"
            assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with a run of all stages at once, by two processes."""
    folder = clone(tmp_path_factory.mktemp("calm") / "clone")
    finish(run_sh(folder, "--nj", "2"))
    return folder


def test_stage_by_stage_by_one_process_in_another_place(calm: Path, tmp_path: Path) -> None:
    folder = clone(tmp_path / "a much longer name than that of the other clone")
    for stage in STAGES:
        finish(run_sh(folder, "--nj", "1", "--stage", stage.name, "--stop-stage", stage.name))
    assert_equal(calm, folder)


def test_ended_at_random_moments(calm: Path, tmp_path: Path) -> None:
    """By Ctrl-C and by kills, until it comes to its end."""
    folder = clone(tmp_path / "clone")
    random.seed(0)
    for end in [signal.SIGINT, signal.SIGKILL, signal.SIGTERM] * 4:
        run = run_sh(folder)
        time.sleep(random.uniform(10, 60))
        os.killpg(run.pid, end)  # of a killed run the stage goes on by itself until it notices: wait for it
        run.communicate()
    finish(run_sh(folder))
    assert_equal(calm, folder)
