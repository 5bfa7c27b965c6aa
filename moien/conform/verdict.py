"""Is what a program spoke what Kokoro speaks? The source draws new noise each time, so spectra are compared.

The measure of chance is Kokoro itself with other noise: a program must not lie further from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from moien.audio import FRAME_SAMPLES
from moien.conform.runtimes import Run, Runtime
from moien.kokoro.symbols import MAX_PHONEMES

CHANCE = 1.25  # times the difference of Kokoro from itself
IN_PARTS = (
    0.8,
    1.4,
)  # length of speech in parts over that of one part, by phonemes: each part has its own silence
WINDOW, HOP, FLOOR = 1024, 256, 1e-5


@dataclass(frozen=True)
class Verdict:
    """`equal`, `in parts`, `refused` or `differs`; why; and the difference of the spectra in dB, if it was measured."""

    kind: str
    why: str = ""
    level_db: float = float("nan")


def judge(
    runtime: Runtime, phonemes: Mapping[str, str], run: Run, kokoro: Run, again: Run
) -> dict[str, Verdict]:
    """A verdict on each case; `kokoro` and `again` are Kokoro itself, with two kinds of noise."""
    return {name: _judge(runtime, name, text, run, kokoro, again) for name, text in phonemes.items()}


def _judge(runtime: Runtime, name: str, phonemes: str, run: Run, kokoro: Run, again: Run) -> Verdict:
    alone = len(phonemes) <= runtime.longest
    if name in run.refused:
        return Verdict("differs" if alone else "refused", run.refused[name])
    audio = run.audio[name]
    if not np.isfinite(audio).all():
        return Verdict("differs", "samples that are not finite")
    if not alone:
        longest = max(kokoro.audio.values(), key=len)  # of 510 phonemes, where Kokoro ends
        ratio = len(audio) / len(longest) * MAX_PHONEMES / len(phonemes)
        return Verdict(
            "in parts" if IN_PARTS[0] < ratio < IN_PARTS[1] else "differs", f"{ratio:.2f} × the length"
        )
    theirs = kokoro.audio[name]
    if len(audio) != len(theirs):
        return Verdict("differs", f"{len(audio)} samples, Kokoro has {len(theirs)}")
    durations = run.durations[name]
    if durations is not None and list(durations) != list(kokoro.durations[name] or ()):
        return Verdict("differs", "other durations")
    if durations is not None and sum(durations) * FRAME_SAMPLES != len(audio):
        return Verdict("differs", "durations that are not those of its samples")
    level, chance = level_db(audio, theirs), level_db(again.audio[name], theirs)
    if level > CHANCE * chance:
        return Verdict("differs", f"spectra {level:.2f} dB apart, by chance {chance:.2f}", level)
    return Verdict("equal", "", level)


def level_db(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean difference of log magnitudes of two signals of one length in dB, over the louder half of the frames."""
    mine, yours = (20 * np.log10(np.maximum(_magnitudes(x), FLOOR)) for x in (ours, theirs))
    level = yours.mean(1)
    return float(np.abs(mine - yours)[level >= np.median(level)].mean())


def _magnitudes(audio: np.ndarray) -> np.ndarray:
    padded = np.pad(audio, (0, max(0, WINDOW - len(audio))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(WINDOW)))
