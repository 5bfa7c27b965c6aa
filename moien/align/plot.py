"""A picture of one alignment: waveform, spectrogram, acoustic phones, and the tokens in the model's timing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from moien.align import Alignment
from moien.align.hmm import PhoneTime
from moien.align.item import Item
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.kokoro.symbols import PAUSE_SYMBOLS

PLOTS = 4  # pictures of stage 3: the kept utterances with the lowest confidence
SECONDS_PER_INCH = 0.22  # wide enough for the label of a one-frame token
HIGHEST_HZ = 8000


def plot_alignment(path: Path, item: Item, alignment: Alignment, phones: Sequence[PhoneTime]) -> None:
    """Write a PNG; pauses (with BOS `^` and EOS `$`) are grey, their ends orange, those of phones blue."""
    from matplotlib.figure import Figure

    seconds = alignment.frames * FRAME_SAMPLES / SAMPLE_RATE
    samples = item.read()
    noise = np.random.default_rng(0).normal(scale=1e-6, size=len(samples))  # digital silence has no log
    figure = Figure(figsize=(max(8.0, seconds / SECONDS_PER_INCH), 6.0), layout="constrained")
    wave, spectrogram, acoustic, tokens = figure.subplots(4, 1, sharex=True, height_ratios=[1.2, 4, 0.6, 0.6])
    wave.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, linewidth=0.4)
    wave.set_title(
        f"{alignment.id}   confidence {alignment.confidence:.2f}   shift {alignment.shift_frames} frames"
    )
    spectrogram.specgram(samples + noise, NFFT=512, Fs=SAMPLE_RATE, noverlap=392, cmap="Greys", vmin=-140)
    spectrogram.set(ylim=(0, HIGHEST_HZ), ylabel="Hz")
    for phone in phones:
        _box(acoustic, phone.start, phone.end, phone.label, pause=False)
    ends = np.cumsum(alignment.durations) * FRAME_SAMPLES / SAMPLE_RATE
    for symbol, start, end in zip(
        ["^", *item.phonemes.phonemes, "$"], np.concatenate([[0], ends[:-1]]), ends, strict=True
    ):
        pause = symbol in PAUSE_SYMBOLS | {"^", "$"}
        _box(tokens, start, end, symbol.replace(" ", "␣"), pause)
        spectrogram.axvline(end, color="tab:orange" if pause else "tab:blue", linewidth=0.5)
    for axis, label in ((acoustic, "phones"), (tokens, "tokens")):
        axis.set(yticks=[], ylim=(0, 1))
        axis.set_ylabel(label, rotation=0, ha="right", va="center")
    tokens.set(xlim=(0, seconds), xlabel="s")
    figure.savefig(path, dpi=90)


def _box(axis, start: float, end: float, label: str, pause: bool) -> None:  # type: ignore[no-untyped-def]
    axis.axvspan(start, end, facecolor="0.85" if pause else "white", edgecolor="0.3", linewidth=0.5)
    axis.text((start + end) / 2, 0.5, label, ha="center", va="center", fontsize=8)
