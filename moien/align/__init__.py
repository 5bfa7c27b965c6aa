"""Forced alignment: which audio belongs to each token, acoustically and in the base model's own timing.

tokens.py      a phoneme string as phones and pauses
hmm.py         a GMM-HMM trained on the corpus itself: phones → seconds
true_pauses.py false pauses between phones removed
belong.py      whether the texts belong to the recordings at all
confidence.py  how well each utterance fits its text; outliers
timing.py      seconds → frames of 600 samples for every token
shift.py       how many frames later than the HMM the base model puts its boundaries
compare.py     boundaries against reference segments
textgrid.py, plot.py   TextGrids and pictures to look at
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from moien.errors import WrongData


@dataclass(frozen=True)
class Alignment:
    """Frames of one utterance: `durations[i]` frames of 600 samples belong to `tokens[i]`.

    `tokens` begin and end with 0 (BOS, EOS); `sum(durations) == frames`. `confidence` is a probability, 0 to 1
    (see `moien.align.confidence`); `shift_frames`: how many frames later than the acoustic boundaries these are.
    """

    id: str
    tokens: tuple[int, ...]
    durations: tuple[int, ...]
    frames: int
    confidence: float
    shift_frames: int


def write_alignments(path: str | Path, alignments: Iterable[Alignment]) -> None:
    """Write one JSON object per line, in the order given."""
    lines = (json.dumps(asdict(alignment), ensure_ascii=False) + "\n" for alignment in alignments)
    Path(path).write_text("".join(lines), encoding="utf-8")


def read_alignments(path: str | Path) -> dict[str, Alignment]:
    """Utterance → alignment, in the order of the file; WrongData with `file:line` for an invalid line."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongData(f"no alignments: {error}", where=path, remedy="run stage 3 (align)") from error
    alignments: dict[str, Alignment] = {}
    for number, line in enumerate(lines, start=1):
        try:
            fields = json.loads(line)
            for key in ("tokens", "durations"):
                fields[key] = tuple(fields[key])
                if not all(type(value) is int for value in fields[key]):
                    raise TypeError(f"{key} are whole numbers")
            alignment = Alignment(**fields)
            alignments[alignment.id] = alignment
        except (ValueError, TypeError, KeyError) as error:
            raise WrongData(
                f"not an alignment: {error}", where=f"{path}:{number}", remedy="run stage 3 again"
            ) from error
        if len(alignment.tokens) != len(alignment.durations) or sum(alignment.durations) != alignment.frames:
            raise WrongData(
                f"{len(alignment.tokens)} tokens, {len(alignment.durations)} durations of {alignment.frames} frames, "
                f"which sum to {sum(alignment.durations)}",
                where=f"{path}:{number}",
                remedy="run stage 3 again",
            )
    return alignments
