"""Run a range of stages, each as a process of its own with a log; skip what is up to date; stop at once on Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import os
import platform
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from select import select as wait_for

from moien.errors import INTERRUPTED, OutOfTime, WrongCall, WrongData
from moien.files import locked
from moien.recipe import outputs
from moien.recipe.settings import Settings
from moien.recipe.stages import (
    BY_NAME,
    STAGES,
    Stage,
    State,
    missing_input,
    refuse,
    remove_temporary,
    state,
    work_folder,
)

# colours, and lines that a progress bar overwrote
TERMINAL_CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[^\n]*\r(?!\n)|\r")


@dataclass(frozen=True)
class Plan:
    """What would happen to one stage of the range."""

    stage: Stage
    runs: bool
    why: str


def select(first: Stage, last: Stage, skipped: Sequence[Stage]) -> list[Stage]:
    """The stages of a range; WrongCall when nothing is left to run."""
    chosen = [s for s in STAGES if first.number <= s.number <= last.number and s not in skipped]
    if not chosen:
        raise WrongCall(
            f"nothing to run: --stage {first.number} --stop-stage {last.number}"
            + (f" --skip-stage {','.join(str(s.number) for s in skipped)}" if skipped else ""),
            remedy="the first stage must not come after the last",
        )
    return chosen


def plan(stages: Sequence[Stage], settings: Settings, force: bool) -> list[Plan]:
    """Which stages of the range would run, and why.

    WrongData when an input outside the range is not up to date, or a stage would replace what is not its own.
    """
    outputs.refuse_namesake(settings)
    rows: list[Plan] = []
    known: dict[str, State] = {}
    will_run: set[str] = set()
    in_range = {stage.name for stage in stages}
    for stage in stages:
        for name in (n for n in stage.inputs if n not in in_range):
            needed = state(BY_NAME[name], settings, known)
            if needed.kind != "done":
                raise missing_input(stage, BY_NAME[name], settings, needed.why)
        now = state(stage, settings, known)
        above = [name for name in stage.inputs if name in will_run]
        if stage.output is None:
            row = Plan(stage, True, "only checks, writes nothing")
        elif force:
            row = Plan(stage, True, "forced")
        elif now.kind != "done":
            row = Plan(stage, True, now.why or now.kind)
        elif above:
            row = Plan(stage, True, f"stage {above[0]} runs before it")
        else:
            row = Plan(stage, False, "up to date")
        if row.runs and stage.output is not None:
            will_run.add(stage.name)
        rows.append(row)
    refuse([row.stage for row in rows if row.runs], settings)
    return rows


def run(
    stages: Sequence[Stage],
    settings: Settings,
    recipe: str,
    overrides: Sequence[str],
    force: bool = False,
    reset: bool = False,
    limit_s: float | None = None,
) -> None:
    """Run the range. A stage that is up to date after the ones before it is skipped, with a line about it.

    `reset` removes what stages keep of interrupted runs; after `limit_s` the running stage is ended as by Ctrl-C.
    """
    deadline = None if limit_s is None else time.monotonic() + limit_s
    plan(stages, settings, force)  # fail before the first minute of work, not in the middle
    with _only_one(settings):
        for stage in stages:
            [row] = plan([stage], settings, force)
            if not row.runs:
                remove_temporary(stage, settings)  # of a run that was killed
                print(
                    f"stage {stage.number} {stage.name}: up to date, skipped (--force runs it again)",
                    flush=True,
                )
                continue
            print(f"stage {stage.number} {stage.name}: {stage.sentence} [{row.why}]", flush=True)
            if deadline is not None and time.monotonic() >= deadline:
                raise _out_of_time(stage)
            if reset and stage.output is not None:
                shutil.rmtree(work_folder(stage, settings), ignore_errors=True)
            _run_stage(stage, settings, recipe, overrides, deadline)


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """The lock of the recipe. Its file names the run that has it; the system frees it when that run dies."""
    folder = settings.system.work_dir / "exp" / settings.recipe
    lock = folder / ".lock"
    with locked(lock, wait=False) as held:
        if not held:
            holder = lock.read_text(encoding="utf-8")
            what = f"another run of this recipe is in progress ({holder})"
            raise WrongData(what, where=folder, remedy="wait for it, or end it")
        holder = " ".join(("process", str(os.getpid()), "on", platform.node()))
        with contextlib.suppress(OSError):  # on a full disk the stage itself fails, with the reason
            lock.write_text(holder, encoding="utf-8")
        yield


def _run_stage(
    stage: Stage, settings: Settings, recipe: str, overrides: Sequence[str], deadline: float | None
) -> None:
    command = [sys.executable, str(stage.program), "--recipe", recipe]
    for override in overrides:
        command += ["--set", override]
    log_file = settings.system.work_dir / "exp" / settings.recipe / "log" / f"{stage.name}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log_file.open("wb", buffering=0) as log:
        _write(log, f"# {shlex.join(command)}\n".encode())
        code: int | None = 1
        try:
            code = _tee(command, log, stage.grace_s, deadline)
        except KeyboardInterrupt:
            code = INTERRUPTED
            raise
        except OutOfTime:
            code = None
            raise
        finally:
            if stage.output is not None:
                remove_temporary(stage, settings)  # a killed stage cannot do it itself
            seconds = time.monotonic() - start
            _write(log, f"# {seconds:.1f} s, {ending(code)}\n".encode())
    where = f"stage {stage.number} ({stage.name})"
    if code is None:
        raise _out_of_time(stage)
    if code == INTERRUPTED:  # the stage itself was interrupted
        raise KeyboardInterrupt
    if code:
        kind = WrongCall if code == WrongCall.exit_code else WrongData
        raise kind(f"failed with {ending(code)}", where=where, remedy=f"see {log_file}")
    print(f"stage {stage.number} {stage.name}: done in {time.monotonic() - start:.1f} s", flush=True)


def _out_of_time(stage: Stage) -> OutOfTime:
    remedy = "the same command goes on: training from its last step, every other stage from its beginning"
    return OutOfTime("the time limit is reached", f"stage {stage.number} ({stage.name})", remedy)


def ending(code: int | None) -> str:
    """How a stage ended, in words; None: by the time limit."""
    if code is None:
        return "ended at the time limit"
    if code == -signal.SIGKILL:
        return "exit code -9: the system killed it, as it does when memory is full (in training, smaller batches help)"
    return f"exit code {code}"


def _tee(command: Sequence[str], log: io.RawIOBase, grace_s: float, deadline: float | None) -> int | None:
    """Run a command; its output goes to the terminal and, without terminal codes, to the log.

    Returns:
        The exit code, or None at the deadline. The command then has `grace_s` to end by itself, as after Ctrl-C.
    """
    if sys.stdout.isatty():  # a pseudo-terminal, so that the stage draws its bars
        reader, writer = pty.openpty()
    else:
        reader, writer = os.pipe()
    # in its own session, so that Ctrl-C reaches it and all its children only through this process, once; SIGUSR1,
    # which some schedulers send to every process of a job, stays blocked in it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, start_new_session=True
    )
    os.close(writer)
    ended = False
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        ended = _copy(reader, log, deadline)
        return child.wait() if ended else None
    finally:
        try:
            if not ended and child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
                if _copy(reader, log, time.monotonic() + grace_s):
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        child.wait(0.5)  # its output closes a moment before it ends
        finally:  # also at the second Ctrl-C
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            os.close(reader)


def _copy(reader: int, log: io.RawIOBase, deadline: float | None) -> bool:
    """Show and log the output until its end; False when the deadline comes first."""
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if left == 0.0 or not wait_for([reader], [], [], left)[0]:
            return False
        chunk = _read(reader)
        if not chunk:
            return True
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        _write(log, TERMINAL_CODES.sub(b"", chunk))


def _read(reader: int) -> bytes:
    """The next output, empty at the end: Linux gives EIO when the other end of a pseudo-terminal was closed."""
    try:
        return os.read(reader, 1 << 16)
    except OSError:
        return b""


def _write(log: io.RawIOBase, text: bytes) -> None:
    """Write to the log. On a full disk the stage itself fails, and its messages must still reach the terminal."""
    with contextlib.suppress(OSError):
        log.write(text)


def listing(settings: Settings) -> list[tuple[Stage, State]]:
    """Every stage with its state."""
    known: dict[str, State] = {}
    return [(stage, state(stage, settings, known)) for stage in STAGES]


def leave_at_signals() -> None:
    """End a run as cleanly as a user does when a cluster's scheduler ends it.

    SIGTERM is like Ctrl-C; SIGUSR1, which announces the end of the job's time, like the end of `--time-limit`.
    """

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    def out_of_time(signum: int, frame: object) -> None:
        raise OutOfTime("SIGUSR1: the time of the job is over", remedy="the same command goes on from here")

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGUSR1, out_of_time)
