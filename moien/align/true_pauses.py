"""Correct the pauses of the HMM: time that it labels as silence, but that is not quiet, goes to the phones beside it.

The silence model of a GMM-HMM with a flat start learns what is frequent between words: also releases of final stops,
breathy ends and glottal onsets. Here a pause must be quiet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from moien.align.hmm import PhoneTime
from moien.audio import LEVEL_FRAME_S, SAMPLE_RATE, frame_rms, speech_level

QUIET_DB = -20.0  # from the level of speech: rooms and breath are quieter, bursts and fricatives louder
SHORTEST_S = 0.05  # two duration frames; stop closures inside words are as long, and they are not pauses


def keep_true_pauses(phones: Sequence[PhoneTime], samples: np.ndarray) -> list[PhoneTime]:
    """Phones with each gap between or after them shrunk to its longest quiet stretch.

    What comes before the stretch goes to the phone before (a release), what comes after it to the phone after; a gap
    without 50 ms of quiet goes entirely to the phone before. `samples` are `[N]` at 24 kHz.
    """
    quiet = frame_rms(samples, SAMPLE_RATE) < speech_level(samples, SAMPLE_RATE) * 10 ** (QUIET_DB / 20)
    found = list(phones)
    for i, phone in enumerate(found):
        last = i + 1 == len(found)
        end = len(samples) / SAMPLE_RATE if last else found[i + 1].start
        if end - phone.end < LEVEL_FRAME_S:
            continue
        first = int(np.ceil(phone.end / LEVEL_FRAME_S))
        start, stop = longest_run(quiet[first : int(end / LEVEL_FRAME_S)])
        if (stop - start) * LEVEL_FRAME_S < SHORTEST_S:
            # Stage 1 leaves silence at the end of the audio, which must not go to a phone.
            found[i] = phone if last else replace(phone, end=end)
            continue
        if start > 0:
            found[i] = replace(phone, end=(first + start) * LEVEL_FRAME_S)
        if not last and (first + stop + 1) * LEVEL_FRAME_S < end:
            found[i + 1] = replace(found[i + 1], start=(first + stop) * LEVEL_FRAME_S)
    return found


def longest_run(flags: np.ndarray) -> tuple[int, int]:
    """`[start, stop)` of the longest run of True; (0, 0) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(stops - starts))
    return int(starts[best]), int(stops[best])
