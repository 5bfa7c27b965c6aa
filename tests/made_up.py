"""Made-up speech and corpora for tests: small, offline, the same bytes every time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import click
import numpy as np
from click.testing import CliRunner, Result
from scipy.signal import lfilter

from moien.audio import speech_level, write_wav

ROOT = Path(__file__).resolve().parent.parent
GREETING = "mˈɔɪən, vˈɛɪ ɡˈeːt ət iɕ hˈɑʊt də mˈɔɪən?"  # in Kokoro's symbols
VOWELS = ((700, 1200, 2500), (300, 2200, 2900), (350, 800, 2300), (500, 1800, 2500))  # formants in Hz


def speech(seconds: float, rate: int = 24_000, level: float = 0.1, seed: int = 0) -> np.ndarray:
    """Vowels from pulses through three formants: enough like speech for a voice activity detector."""
    noise = np.random.default_rng(seed)
    count = int(seconds * rate)
    pitch = (110 + 10 * (seed % 5)) * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * np.arange(count) / rate))
    source = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0) + 0.01 * noise.standard_normal(count)
    out = np.zeros(count)
    size = int(0.18 * rate)
    for number, start in enumerate(range(0, count, size)):
        sound = source[start : start + size]
        for formant, width in zip(VOWELS[(number + seed) % 4], (80, 100, 150), strict=True):
            radius = np.exp(-np.pi * width / rate)
            sound = lfilter(
                [1], [1, -2 * radius * np.cos(2 * np.pi * formant / rate), radius * radius], sound
            )
        out[start : start + size] = sound * np.hanning(len(sound)) ** 0.3
    return (out * level / speech_level(out, rate)).astype(np.float32)


def recording(
    seconds: float = 1.2,
    before: float = 0.4,
    after: float = 0.6,
    rate: int = 24_000,
    level: float = 0.1,
    seed: int = 0,
) -> np.ndarray:
    """Speech between stretches of soft room noise."""
    edges = [np.zeros(int(s * rate), np.float32) for s in (before, after)]
    samples = np.concatenate([edges[0], speech(seconds, rate, level, seed), edges[1]])
    room = np.random.default_rng(seed + 1).standard_normal(len(samples)).astype(np.float32)
    return samples + 5e-4 * room


def ljspeech_corpus(folder: Path, names: list[str], rate: int = 22_050) -> Path:
    """A folder with `wavs/NAME.wav` and a `metadata.csv` of `name|text`."""
    (folder / "wavs").mkdir(parents=True)
    for seed, name in enumerate(names):
        write_wav(folder / "wavs" / f"{name}.wav", recording(rate=rate, seed=seed), rate)
    lines = [f"{name}|Saz Nummer {number}.\n" for number, name in enumerate(names)]
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder


def load_program(path: str) -> ModuleType:
    """A program of the project as a module, e.g. `local/ljspeech.py`."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(command: click.Command, *arguments: object) -> Result:
    """Run a program's command in this process; anything but a clean exit is raised."""
    result = CliRunner().invoke(command, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
