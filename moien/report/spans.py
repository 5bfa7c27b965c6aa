"""The times of words and phones of a row: the alignment of the recording, or the voice's own durations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from praatio import textgrid

from moien.align.textgrid import PHONES, WORDS
from moien.align.tokens import Unit, split_units, spoken_words
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.score.sentences import NATURAL

Span = tuple[str, float, float]  # label, start and end in seconds


@dataclass(frozen=True)
class Spans:
    """Words and phones of a clip in order; what lies between them is silence."""

    words: tuple[Span, ...]
    phones: tuple[Span, ...]


def spans_of_durations(phonemes: str, durations: Sequence[float], shift_frames: int = 0) -> Spans:
    """The spans of a voice's speech, from the frames (of 600 samples) of its tokens, `[len(phonemes) + 2]`.

    A token sounds `shift_frames` before its boundaries: in the alignments of stage 3, and so in the trained voice.

    Raises:
        WrongData: another number of durations than of symbols and the two boundaries of the sentence.
    """
    if len(durations) != len(phonemes) + 2:
        raise WrongData(
            f"{len(durations)} durations, but {len(phonemes)} phonemes and two boundaries",
            where=phonemes,
            remedy="run stage 7 again",
        )
    ends = [max(0.0, n - shift_frames) * FRAME_SAMPLES / SAMPLE_RATE for n in accumulate(durations)]

    def span(label: str, first: Unit, last: Unit) -> Span:
        return (
            label,
            ends[first.start],
            ends[last.end],
        )  # symbol i is token i + 1: it starts where token i ends

    spoken = spoken_words(split_units(phonemes))
    words = (span(phonemes[word[0].start : word[-1].end], word[0], word[-1]) for word in spoken)
    return Spans(tuple(words), tuple(span(unit.label, unit, unit) for word in spoken for unit in word))


def spans_of_textgrid(path: Path) -> Spans:
    """The alignment of a recording by stage 3; WrongData for a file that it did not write."""
    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
        words, phones = (
            tuple((label, start, end) for start, end, label in grid.getTier(tier).entries)
            for tier in (WORDS, PHONES)
        )
    except Exception as error:  # praatio's parser raises errors of any kind
        raise WrongData(f"not a TextGrid of stage 3: {error}", where=path) from error
    return Spans(words, phones)


def read_spans(decode: Path, align: Path, shift_frames: int = 0) -> dict[str, dict[str, Spans]]:
    """Sentence → row → spans: of the recording where stage 3 kept it, of a voice where stage 7 wrote durations."""
    found: dict[str, dict[str, Spans]] = {}
    for line in (decode / "index.jsonl").read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        grid = align / "textgrid" / f"{fact['id']}.TextGrid"
        rows = {NATURAL: spans_of_textgrid(grid)} if grid.is_file() else {}
        for row, durations in fact.get("durations", {}).items():
            if len(durations) == len(fact["phonemes"]) + 2:  # not of a long text that was spoken in parts
                rows[row] = spans_of_durations(fact["phonemes"], durations, shift_frames)
        found[fact["id"]] = rows
    return found
