"""The command line fails closed: each row of what the classics let pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moien.recipe.settings import ROOT

RUN = ROOT / "run.sh"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MOIEN_PYTHON": sys.executable}
    return subprocess.run(
        [str(RUN), *arguments], cwd=cwd, env=environment, text=True, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stage", "two"], ["--stage", "0 check", "9 pack"]),
        (["--stage"], ["--stage", "argument"]),
        (["--stage", "9", "--stop-stage", "2"], ["nothing to run"]),
        (["--stage", "3", "--stop-stage", "3", "--skip-stage", "3"], ["nothing to run"]),
        (["--stpo-stage", "2"], ["--stpo-stage", "--stop-stage"]),
        (["--nj", '4"; touch owned; x="'], ["--nj"]),
        (["--nj", "0"], ["--nj"]),
        (["--recipe", "klingon"], ["klingon", "lb", "mini"]),
        (["--set", "train.phsaes=1"], ["train.phsaes", "nearest"]),
        (["--set", "max_dropped=7"], ["max_dropped", "less than or equal to 1"]),
        (["--set", "max_dropped"], ["KEY=VALUE"]),
        (["--set", "seed.x=1"], ["seed"]),
    ],
)
def test_a_wrong_call_exits_2_and_says_why(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_answers_within_a_second_from_anywhere(tmp_path: Path) -> None:
    def processor_s() -> float:
        """Of the commands so far: the machine may be busy, the command must not be slow."""
        times = os.times()
        return times.children_user + times.children_system

    best = 9.0
    for _ in range(3):
        start = processor_s()
        result = run("--help", cwd=tmp_path)
        best = min(best, processor_s() - start)
    assert result.returncode == 0
    assert "--stop-stage" in result.stdout
    assert 0 < best < 1


@pytest.mark.parametrize("spelling", [["--stage", "3"], ["--stage=3"], ["--stage", "align"]])
def test_a_stage_has_three_spellings_and_names_what_it_lacks(spelling: list[str], tmp_path: Path) -> None:
    result = run("--recipe", "mini", *spelling, "--set", f"system.work_dir={tmp_path}")
    assert result.returncode == 1
    assert "stage 3 (align)" in result.stderr
    assert "--stage 1" in result.stderr


def test_list_and_dry_run_show_every_stage_and_write_nothing(tmp_path: Path) -> None:
    listed = run("--recipe", "mini", "--list", "--set", f"system.work_dir={tmp_path}")
    dry = run("--recipe", "mini", "--dry-run", "--set", f"system.work_dir={tmp_path}")
    assert listed.returncode == dry.returncode == 0
    for name in (
        "check",
        "data",
        "g2p",
        "align",
        "features",
        "embedding",
        "train",
        "decode",
        "score",
        "pack",
    ):
        assert name in listed.stdout
        assert f" {name}: " in dry.stdout
    assert listed.stdout.count("missing") == 9
    assert list(tmp_path.iterdir()) == []


def test_without_an_environment_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    result = subprocess.run(
        [str(RUN), "--list"],
        env=os.environ | {"MOIEN_PYTHON": str(tmp_path / "no")},
        text=True,
        capture_output=True,
    )
    assert result.returncode == 1
    assert "make setup" in result.stderr
