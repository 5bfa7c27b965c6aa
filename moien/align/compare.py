"""Compare boundaries with reference segments of the same audio, which may use another alphabet and transcription.

The two transcriptions are matched by edit distance over coarse sounds. A boundary counts only where both transcriptions
have it between the same two sounds. Reference segments may be shifted against the audio by a constant (they often come
from untrimmed recordings), so the median difference of each utterance is subtracted. This fails where pauses were cut
out of the audio later: part of the boundaries is then off by the whole cut. In 110 of the 425 clips of Marylux the
segments do not even fit into the audio. These clips are counted, but not compared.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moien.align.hmm import PhoneTime
from moien.edits import edit_path
from moien.errors import WrongData

TOLERANCE_S = 0.02
FEWEST = 5  # boundaries: an offset cannot be estimated from fewer
# Stage 1 leaves at least this much silence at each end: the speech must be shorter than the audio by as much.
EDGES_S = 0.05

# Coarse sounds: the symbols for one sound in transcriptions of Luxembourgish (SAMPA, espeak's IPA, ours).
_ALIKE = "aɑAɒɐ{æ6 eEɛ@əɜ3ɘ iIɪ oOɔ0ʌ uUʊ yYʏ øœ29 gɡɣ rRʁʀɹɾ xXχçɕCHh SʃʂZʒʑʐ Nŋɳ jJʝ vVʋ TθDð tʦʧ dʣʤ"
_COARSE = {symbol: symbols[0] for symbols in _ALIKE.split() for symbol in symbols}


@dataclass(frozen=True)
class Agreement:
    """Absolute differences of boundaries in seconds `[N]`, one array for each utterance: those in `fitting` are
    compared, the segments of those in `left_out` do not fit into the audio."""

    fitting: Sequence[np.ndarray]
    left_out: Sequence[np.ndarray]

    @property
    def differences(self) -> np.ndarray:
        """The differences of all compared boundaries, `[N]`."""
        return np.concatenate([np.zeros(0), *self.fitting])

    @property
    def within(self) -> float:
        """Share of boundaries within 20 ms."""
        return _within(self.differences)

    @property
    def median_ms(self) -> float:
        """Median absolute difference in ms."""
        return float(1000 * np.median(self.differences)) if len(self.differences) else float("nan")

    def __str__(self) -> str:
        line = (
            f"{self.within:.1%} of {len(self.differences)} boundaries in {len(self.fitting)} utterances within "
            f"{1000 * TOLERANCE_S:.0f} ms, median {self.median_ms:.1f} ms"
        )
        if self.left_out:
            everything = _within(np.concatenate([self.differences, *self.left_out]))
            line += (
                f"; left out: {len(self.left_out)} utterances whose segments do not fit into the audio "
                f"(with them {everything:.1%})"
            )
        return line


def _within(differences: np.ndarray) -> float:
    return float((differences <= TOLERANCE_S).mean()) if len(differences) else 0.0


def read_segments(path: Path) -> dict[str, list[PhoneTime]]:
    """Utterance → reference phones, silences (`_`) left out; WrongData with `file:line`."""
    segments: dict[str, list[PhoneTime]] = {}
    if not path.is_file():
        raise WrongData("there are no reference segments", where=path, remedy="not every corpus has them")
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = json.loads(line)
            segments[row["id"]] = [
                PhoneTime(label, start, start + length)
                for start, length, label in row["segments"]
                if label != "_"
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise WrongData(f"no reference segments: {error}", where=f"{path}:{number}") from error
    return segments


def compare(
    found: Mapping[str, Sequence[PhoneTime]],
    reference: Mapping[str, Sequence[PhoneTime]],
    seconds: Mapping[str, float],
) -> Agreement:
    """Agreement over the utterances that are in `found` and in `reference`; `seconds` are their audio's lengths."""
    fitting: list[np.ndarray] = []
    left_out: list[np.ndarray] = []
    for utterance in sorted(found.keys() & reference.keys()):
        ours, theirs = found[utterance], reference[utterance]
        late = _lateness(ours, theirs)
        if len(late) < FEWEST:
            continue
        fits = theirs[-1].end - theirs[0].start <= seconds[utterance] - EDGES_S
        (fitting if fits else left_out).append(np.abs(late - np.median(late)))
    return Agreement(fitting, left_out)


def _lateness(ours: Sequence[PhoneTime], theirs: Sequence[PhoneTime]) -> np.ndarray:
    """How many seconds later than in the reference phones begin, where they and their predecessors match."""
    pairs = match([coarse(p.label) for p in ours], [coarse(p.label) for p in theirs])
    known = set(pairs)
    return np.array([ours[i].start - theirs[j].start for i, j in pairs if (i - 1, j - 1) in known])


def coarse(label: str) -> str:
    """The coarse sound with which a phone begins: `ɑ̃ː`, SAMPA `a~` and `AI` are all `a`; an affricate is its stop.

    So a boundary inside a diphthong or an affricate does not count: perhaps only one transcription has it.
    """
    first = unicodedata.normalize("NFD", label)[0]
    return _COARSE.get(first, first)


def match(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of equal items in a cheapest edit path from one sequence to the other."""
    path = edit_path(ours, theirs)
    return [(i, j) for i, j in path if i is not None and j is not None and ours[i] == theirs[j]]
