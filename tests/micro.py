"""A recipe so small that a test can run it to the end, with a tiny base model or with the real one."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import multiprocessing
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import process as futures
from dataclasses import dataclass, replace
from multiprocessing import context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kokoro
import pytest
import torch
from tiny_training import TinyDecoder

from moien import cli
from moien.fetch import cache_dir
from moien.kokoro import base as kokoro_base
from moien.recipe import runner
from moien.recipe.settings import ROOT
from moien.recipe.stages import BY_NAME, STAGES, Stage

# The recipe mini at a tenth of its size.
MICRO = """
language: lb
corpus:
  program: local/espeak_corpus.py
  options: {sentences: SENTENCES}
base: BASE
system: {download_lexica: false, threads: 1, nj: 1}  # another test runs on the other core
max_dropped: 0.3  # one of fourteen is already 7 %
data: {test_prompts: [2, 2], dev_prompts: [2, 2]}
align: {shift_frames: 2}
embedding: {sentences: 1, sentence_phonemes: 15, clips: 6, prosodic_steps: 1, acoustic_steps: 1, crop_frames: 10}
train:
  min_seconds: 10
  check_labels: false  # so few utterances of a robot say too little
  prosody: {steps: 3, batch_frames: 200}
  acoustic: {steps: 3, crop_frames: 30, critic_warmup_steps: 1, critic_ramp_steps: 1}
  warmup_steps: 1
  interval_steps: 3
  validation_utterances: 1
  choice: {predictor: [1.0], decoder: [1.0], sentences: 1, max_mos_loss: 5}
pack: {targets: [kokoro-onnx, transformers.js]}  # a lexicon for sherpa-onnx takes 20 s
"""
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Micro:
    """The recipe and the folder that it writes to."""

    recipe: Path
    work_dir: Path
    forks: bool  # stages are forks of this process: Python's start and its imports take 2 to 8 s each
    printed: str = ""

    @property
    def folder(self) -> str:
        """The setting that names its folder."""
        return f"system.work_dir={self.work_dir}"

    def output(self, stage: Stage) -> Path:
        """The folder of a stage's output."""
        assert stage.output
        return self.work_dir / stage.output.replace("/R", "/micro")

    def command(self, *arguments: str) -> list[str]:
        """`run.sh` on this recipe and folder."""
        return [str(ROOT / "run.sh"), "--recipe", str(self.recipe), "--set", self.folder, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Environment of its programs. They find no fetched lexica: what one machine has, another has not."""
        cache = {"MOIEN_CACHE": str(self.recipe.parent / "cache"), "MOIEN_MIRROR": ""}
        return os.environ | {"MOIEN_PYTHON": sys.executable} | cache

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        if self.forks:
            return self.fork(*self.command(*arguments))
        return subprocess.run(self.command(*arguments), env=self.environment, text=True, capture_output=True)

    def fork(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a program of the project, or `-m moien …`, in a fork of this process."""
        import_all()
        files = [self.work_dir.with_name(f"{self.work_dir.name}.{name}") for name in ("out", "err")]
        with files[0].open("wb") as out, files[1].open("wb") as err:
            words = [str(part) for part in command]
            code = Forked(words, out.fileno(), err.fileno(), env=self.environment).wait()
        return subprocess.CompletedProcess(command, code, *(file.read_text("utf-8") for file in files))


def on_a_full_disk(made: Micro, disk: Path, stage: str) -> None:
    """Run one stage whose output lies on a full disk, its inputs elsewhere: the reason is printed, nothing is left."""
    there = replace(made, work_dir=disk)
    for earlier in STAGES[1 : BY_NAME[stage].number]:
        there.output(earlier).parent.mkdir(parents=True, exist_ok=True)
        there.output(earlier).symlink_to(made.output(earlier))
    result = there.run("--stage", stage, "--stop-stage", stage)
    printed = result.stdout + result.stderr
    assert result.returncode == 1, printed
    assert "is full" in printed and "free some" in printed, printed
    assert "Traceback" not in printed
    output = there.output(BY_NAME[stage])
    assert not output.exists()
    assert not list(output.parent.glob(".*.tmp"))


def run_recipe(folders: pytest.TempPathFactory, base: str, forks: bool) -> Micro:
    """A finished run of the recipe with this `base:` in its settings."""
    recipe = folders.mktemp("recipes") / "micro"
    recipe.mkdir()
    link_cache(recipe.parent / "cache")
    sentences = (ROOT / "recipes" / "mini" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in sentences if line and not line.startswith("#")]
    (recipe / "sentences.txt").write_text("\n".join(sorted(texts, key=len)[:14]) + "\n", encoding="utf-8")
    (recipe / "eval.txt").write_text("Moien, wéi geet et dir?\n", encoding="utf-8")
    settings = MICRO.replace("SENTENCES", str(recipe / "sentences.txt")).replace("BASE", base)
    (recipe / "params.yaml").write_text(settings, encoding="utf-8")
    made = Micro(recipe, folders.mktemp("work"), forks)
    result = made.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return replace(made, printed=result.stdout)


def link_cache(folder: Path) -> None:
    """The user's cache, but for the lexica and what they were downloaded to."""
    folder.mkdir()
    for name in ("base", "recognisers", "replay", "scores"):
        (cache_dir() / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(cache_dir() / name)


class Forked:
    """`subprocess.Popen` for programs of the project: a fork of this process, which has imported all they need.

    What they start is forked as well. A base model may have any size.
    """

    def __init__(
        self,
        command: Sequence[str],
        stdout: int | None = None,
        stderr: int | None = None,
        start_new_session: bool = False,
        stdin: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        sys.stdout.flush()
        self._code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            os._exit(_ending(lambda: _be(command, stdout, stderr, start_new_session, env)))

    def wait(self, timeout: float | None = None) -> int:
        """The exit code."""
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a fork", timeout or 0)
            time.sleep(0.02)
        return code

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def _ending(program: Callable[[], None]) -> int:
    """Run it to its exit code."""
    code = 1
    try:
        program()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    futures._python_exit()  # what Python does at its end: pools end their processes
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return code


def import_all() -> None:
    """Import what the stages import, for all forks at once."""
    for stage in STAGES:
        importlib.import_module(f"steps.{stage.name}")


def _be(
    command: Sequence[str],
    stdout: int | None,
    stderr: int | None,
    start_new_session: bool,
    env: Mapping[str, str] | None,
) -> None:
    """Become the program: its streams, its options, and what replaces `subprocess` in it."""
    os.environ.update(env or {})
    if start_new_session:
        os.setsid()
    for number, stream in ((1, stdout), (2, stderr)):
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY) if stream == subprocess.DEVNULL else stream, number)
    sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115
    torch.set_num_threads(1)  # a fork has lost the other threads
    context._concrete_contexts["spawn"] = FORK  # type: ignore[attr-defined]  # pools, too
    kokoro.model.Decoder = TinyDecoder
    kokoro_base.read_config = lambda path: json.loads(path.read_text(encoding="utf-8"))

    program, *arguments = [word for word in command if word != sys.executable]
    if program == str(ROOT / "run.sh"):
        main, arguments = cli.main, ["run", *arguments]
    elif program == "-m":
        main, arguments = cli.main, arguments[1:]
    else:
        path = Path(program).relative_to(ROOT).with_suffix("")
        module = importlib.import_module(".".join(path.parts))
        module.subprocess, main = forks, module.main  # type: ignore[attr-defined]
    runner.subprocess = forks  # type: ignore[assignment]
    main.main(arguments)


def _run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(command, Forked(command, **options).wait())


forks = SimpleNamespace(
    Popen=Forked, run=_run, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
)
