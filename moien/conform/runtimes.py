"""The programs, each in an environment of its own, made once in the cache from the package registries."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moien.errors import WrongData
from moien.fetch import cache_dir
from moien.files import locked
from moien.kokoro.symbols import MAX_PHONEMES

PROGRAMS = Path(__file__).with_name("programs")
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Runtime:
    """A program at one version; `packages` of PyPI (`name==1`) or npm (`name@1`), none for this environment."""

    name: str
    program: str  # a function of programs/python.py or programs/node.mjs
    packages: tuple[str, ...] = ()
    longest: int = MAX_PHONEMES  # phonemes that it speaks at once; what is longer it splits or refuses

    @property
    def is_node(self) -> bool:
        """Whether it is a package of npm."""
        return any("==" not in package for package in self.packages)


KOKORO = Runtime("kokoro 0.9.4", "kokoro")
RUNTIMES = (
    Runtime("onnxruntime 1.32.0", "onnxruntime"),
    Runtime("kokoro-onnx 0.6.1", "kokoro_onnx", ("kokoro-onnx==0.6.1",)),
    Runtime("sherpa-onnx 2.0.1", "sherpa_onnx", ("sherpa-onnx==2.0.1", "numpy==2.4.6"), longest=400),
    Runtime("transformers.js 4.3.2", "transformers", ("@huggingface/transformers@4.3.2",)),
    Runtime("kokoro-js 1.2.1", "kokoro-js", ("kokoro-js@1.2.1",)),
)


@dataclass(frozen=True)
class Run:
    """What a program did: samples of each case that it spoke, frames of its tokens if it gives them, messages."""

    audio: Mapping[str, np.ndarray]
    durations: Mapping[str, Sequence[int] | None]
    refused: Mapping[str, str]
    seconds: float
    load_s: float
    rss_mb: float


def run(runtime: Runtime, voice: Path, cases: Sequence[Mapping[str, str]]) -> Run:
    """Speak the cases, each `{"id", "phonemes", "speaker"}`; WrongData with its message if it fails or hangs."""
    folder = environment(runtime)
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        (out / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
        if runtime.is_node:  # imports are resolved from the folder of the file
            start = [_node("node"), shutil.copy(PROGRAMS / "node.mjs", folder)]
        else:
            start = [str(folder / "bin" / "python"), "-I", str(PROGRAMS / "python.py")]
        command = [*start, runtime.program, str(voice), str(out / "cases.json"), str(out)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise WrongData(f"{runtime.name} took more than {TIMEOUT_S} s", where=voice) from None
        if done.returncode:
            raise WrongData(f"{runtime.name} ended with {done.returncode}: {_message(done)}", where=voice)
        results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
        spoken = {name: case for name, case in results["cases"].items() if "error" not in case}
        return Run(
            {name: np.fromfile(out / f"{name}.f32", np.float32) for name in spoken},
            {name: case["durations"] for name, case in spoken.items()},
            {name: case["error"] for name, case in results["cases"].items() if "error" in case},
            sum(case["seconds"] for case in spoken.values()),
            results["load_s"],
            results["rss_mb"],
        )


def environment(runtime: Runtime) -> Path:
    """The folder of a program's environment, made if it is not there; that of this process without packages."""
    if not runtime.packages:
        return Path(sys.prefix)
    folder = cache_dir() / "conform" / runtime.name.replace(" ", "-")
    with locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            print(f"{runtime.name}: installing into {folder}", file=sys.stderr, flush=True)
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            if runtime.is_node:
                # without the scripts of packages: that of onnxruntime-node would fetch CUDA
                _install(
                    [_node("npm"), "install", "--ignore-scripts", "--prefix", ".", *runtime.packages], partial
                )
            else:
                _install([sys.executable, "-m", "venv", "--copies", "."], partial)
                _install(["bin/python", "-m", "pip", "install", "-q", *runtime.packages], partial)
            partial.rename(folder)
    return folder


def _install(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise WrongData(f"{' '.join(command[:4])} … failed: {_message(done)}", where=folder)


def _message(done: subprocess.CompletedProcess[str]) -> str:
    """The last line that names an error, else the last line."""
    lines = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1]).strip()[:300]


def _node(program: str) -> str:
    if found := shutil.which(program):
        return found
    raise WrongData(f"{program} is not installed", remedy="apt install nodejs npm")
