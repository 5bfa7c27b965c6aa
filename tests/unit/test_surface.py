"""The command line fails closed: each row of what the classics let pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from made_up import call

from moien.cli import main
from moien.recipe.settings import ROOT

RUN = ROOT / "run.sh"


def shell(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`run.sh` as a user calls it."""
    environment = os.environ | {"MOIEN_PYTHON": sys.executable}
    return subprocess.run([str(RUN), *arguments], cwd=cwd, env=environment, text=True, capture_output=True)


def run(*arguments: str) -> Result:
    """`moien run` in this process, without the second that Python takes to start."""
    handler = signal.getsignal(signal.SIGTERM)
    result = call(main, "run", *arguments)
    signal.signal(signal.SIGTERM, handler)
    return result


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
def test_a_wrong_call_exits_2_and_says_why(
    arguments: list[str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert all(word in result.stderr for word in words)
    assert list(tmp_path.iterdir()) == []


def test_no_shell_reads_the_options(tmp_path: Path) -> None:
    result = shell("--nj", '4"; touch owned; x="', cwd=tmp_path)
    assert result.returncode == 2
    assert "--nj" in result.stderr and "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_comes_from_anywhere(tmp_path: Path) -> None:
    result = shell("--help", cwd=tmp_path)
    assert result.returncode == 0
    assert "--stop-stage" in result.stdout


@pytest.mark.parametrize("spelling", [["--stage", "3"], ["--stage=3"], ["--stage", "align"]])
def test_a_stage_has_three_spellings_and_names_what_it_lacks(spelling: list[str], tmp_path: Path) -> None:
    result = run("--recipe", "mini", *spelling, "--set", f"system.work_dir={tmp_path}")
    assert result.exit_code == 1
    assert "stage 3 (align)" in result.stderr
    assert "--stage 1" in result.stderr


def test_list_and_dry_run_show_every_stage_and_write_nothing(tmp_path: Path) -> None:
    listed = run("--recipe", "mini", "--list", "--set", f"system.work_dir={tmp_path}")
    dry = run("--recipe", "mini", "--dry-run", "--set", f"system.work_dir={tmp_path}")
    assert listed.exit_code == dry.exit_code == 0
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
    states = [line.split()[-1] for line in listed.stdout.splitlines() if line.strip()]
    assert states.count("missing") == 9
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
