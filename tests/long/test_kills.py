"""Each stage, killed at random moments and run again: the bytes of a run that nobody disturbed; `make test-faults`."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from micro import Forked, Micro, import_all

from moien.recipe.stages import BY_NAME, STAGES

KILLS = 20
# enough steps and checkpoints for kills between them
LONGER = (
    "--set",
    "train.prosody.steps=30",
    "--set",
    "train.acoustic.steps=12",
    "--set",
    "train.interval_steps=2",
)

Row = Callable[[str, int, int], None]


@pytest.fixture(scope="module")
def row(request: pytest.FixtureRequest) -> Row:
    """Add a row to the table that is printed at the end: stage, kills, of these in the middle of its work."""
    rows: list[str] = []
    request.addfinalizer(
        lambda: print("\n" + "\n".join(["| stage | kills | lost |", "|---|--:|--:|", *rows]))
    )
    return lambda stage, kills, lost: rows.append(f"| {stage} | {kills} | {lost} |")


def start(made: Micro, arguments: tuple[str, ...], log: Path) -> Forked:
    """Begin a run in a session of its own."""
    with log.open("wb") as file:
        return Forked(
            made.command(*arguments),
            file.fileno(),
            file.fileno(),
            start_new_session=True,
            env=made.environment,
        )


def kill_all(run: Forked) -> bool:
    """SIGKILL to the run and all its children at once; False if it had ended."""
    if run.poll() is not None:
        return False
    processes = [psutil.Process(run.pid)]
    processes += processes[0].children(recursive=True)
    for process in processes:
        process.suspend()  # none of them sees the others die
    for process in processes:
        process.kill()
    run.wait()
    psutil.wait_procs(processes[1:])
    return True


def undisturbed(made: Micro, arguments: tuple[str, ...], log: Path) -> float:
    """Run to the end; the seconds it took."""
    began = time.monotonic()
    assert start(made, arguments, log).wait() == 0, log.read_text()
    return time.monotonic() - began


def same(one: Micro, other: Micro) -> subprocess.CompletedProcess[str]:
    """`moien diff` of two runs."""
    return one.fork("-m", "moien", "diff", *(str(made.work_dir / "exp" / "micro") for made in (one, other)))


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES if stage.output])
def test_killed_at_any_moment_a_stage_is_made_again_to_the_same_bytes(
    micro: Micro, tmp_path: Path, stage: str, row: Row
) -> None:
    import_all()
    there = replace(micro, work_dir=tmp_path / "work")
    shutil.copytree(micro.work_dir, there.work_dir, symlinks=True)
    only = ("--stage", stage, "--stop-stage", stage)
    arguments = (*only, "--force", "--reset")
    seconds = undisturbed(there, arguments, tmp_path / "log")
    assert same(micro, there).returncode == 0
    random.seed(stage)
    kills = 0
    while kills < KILLS:
        run = start(there, arguments, tmp_path / "log")
        time.sleep(random.uniform(0, seconds))
        kills += kill_all(run)
        # what is there is the whole output of before, or nothing
        folder = there.output(BY_NAME[stage])
        assert (folder / "manifest.json").is_file() or not folder.exists()
    for how in ((), ("--force",)):  # what is there may be whole, and must be possible to make again
        undisturbed(there, (*only, *how), tmp_path / "log")
        compared = same(micro, there)
        assert compared.returncode == 0, compared.stdout + compared.stderr
        assert not list(there.work_dir.rglob(".*.tmp"))
    row(stage, kills, 0)


def test_a_training_killed_again_and_again_ends_with_the_same_weights(
    micro: Micro, tmp_path: Path, row: Row
) -> None:
    import_all()
    runs = [replace(micro, work_dir=tmp_path / name) for name in ("calm", "killed")]
    for made in runs:
        shutil.copytree(micro.work_dir, made.work_dir, symlinks=True)
    calm, killed = runs
    arguments = ("--stage", "train", "--stop-stage", "train", *LONGER)
    seconds = undisturbed(calm, arguments, tmp_path / "log")
    random.seed(0)
    kills = 0
    for _ in range(200):
        run = start(killed, arguments, tmp_path / "log")
        time.sleep(
            random.uniform(0.1, seconds / 5)
        )  # it continues from its checkpoint: a fifth of the whole is far
        if not kill_all(run):
            break
        kills += 1
    else:
        pytest.fail("it never came to its end")
    assert kills >= 10
    compared = same(calm, killed)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    row("train, from its checkpoints", kills, 0)
