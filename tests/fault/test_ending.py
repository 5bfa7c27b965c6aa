"""How a run ends a stage: time to save for who listens, a kill for who does not, and what each says."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time

import psutil
import pytest

from moien.errors import MoienError, OutOfTime
from moien.recipe import runner
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME, work_folder

LISTENS = """
import signal, sys, time
def save(number, frame):
    print("saved", flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, save)
print("at work", flush=True)
time.sleep(60)
print("the end")
"""
DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("at work", flush=True)
time.sleep(60)
print("the end")
"""


def tee(program: str, grace_s: float, deadline_s: float | None) -> tuple[int | None, str]:
    log = io.BytesIO()
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    code = runner._tee([sys.executable, "-c", program], log, grace_s, deadline)
    return code, log.getvalue().decode()


def test_a_stage_that_listens_may_save_and_what_it_says_is_in_the_log():
    assert tee(LISTENS, grace_s=30, deadline_s=3) == (None, "at work\nsaved\n")


def test_a_stage_that_does_not_is_killed():
    assert tee(DEAF, grace_s=0.5, deadline_s=3) == (None, "at work\n")


def test_a_stage_that_ends_in_time_has_its_own_code():
    assert tee("print('done'); raise SystemExit(3)", 1, 60) == (3, "done\n")
    assert tee("print('done')", 1, None) == (0, "done\n")


@pytest.fixture
def stage(monkeypatch, tmp_path):
    """Run stage 1 with its program's end made up: the error that comes of it."""
    settings = load_settings("mini", [f"system.work_dir={tmp_path}"])

    def run(code: int | None, **options: object) -> BaseException:
        monkeypatch.setattr(runner, "_tee", lambda *_: code)
        with pytest.raises((MoienError, KeyboardInterrupt)) as error:
            runner.run([BY_NAME["data"]], settings, "mini", [], **options)  # type: ignore[arg-type]
        return error.value

    return run


def test_the_time_limit_has_an_exit_code_of_its_own_and_says_how_to_go_on(stage, tmp_path):
    error = stage(None)
    assert isinstance(error, OutOfTime) and error.exit_code == 124
    assert "the time limit is reached" in str(error) and "the same command goes on" in str(error)
    assert "ended at the time limit" in (tmp_path / "exp" / "mini" / "log" / "data.log").read_text()


def test_a_stage_killed_by_the_system_is_told_from_one_that_failed(stage):
    assert "memory is full" in str(stage(-signal.SIGKILL))
    assert "failed with exit code 1\n" in str(stage(1))
    assert stage(2).exit_code == 2
    assert isinstance(stage(130), KeyboardInterrupt)


def test_reset_forgets_what_an_interrupted_run_kept(stage, tmp_path):
    settings = load_settings("mini", [f"system.work_dir={tmp_path}"])
    kept = work_folder(BY_NAME["data"], settings) / "checkpoint.pt"
    kept.parent.mkdir(parents=True)
    kept.write_text("")
    stage(1)
    assert kept.exists()
    stage(1, reset=True)
    assert not kept.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGUSR1, 124)])
def test_what_a_scheduler_sends_ends_a_run_with_a_code_of_its_own(tmp_path, number, code):
    """To the whole group, as some of them do: the stage must not die of it before it has saved."""
    script = f"""
import sys
from moien.errors import exit_codes
from moien.recipe import runner
runner.leave_at_signals()
with exit_codes():
    runner._tee([sys.executable, "-c", {LISTENS!r}], open({str(tmp_path / "log")!r}, "wb", buffering=0), 30, None)
"""
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None and run.stdout.readline() == "at work\n"
    [stage] = psutil.Process(run.pid).children()
    if number == signal.SIGUSR1:
        stage.send_signal(number)
    run.send_signal(number)
    assert run.communicate(timeout=60)[0] == "saved\n"
    assert run.returncode == code


def test_a_run_whose_time_is_up_begins_no_other_stage(tmp_path):
    options = "--recipe mini --stage 1 --time-limit 0s --set".split()
    command = [sys.executable, "-m", "moien", "run", *options, f"system.work_dir={tmp_path}"]
    ended = subprocess.run(command, text=True, capture_output=True)
    assert ended.returncode == 124, ended.stderr
    assert "the time limit is reached" in ended.stderr
    assert not (tmp_path / "data").exists()
