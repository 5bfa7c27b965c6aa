"""alignment fit: how well the sound agrees with the phones of the sentence, when they are aligned to it by force.

A second judge of intelligibility, of another kind than the phone recogniser: `moien.score.judges.aligner`.

Unit: nats a frame, the mean over phones of the log posterior of the phone in its own frames against all others
(goodness of pronunciation, Witt and Young 2000); a likelihood alone would mostly measure how near the voice is to that
of the training. Direction: higher is better, the recording's own value is what can be reached. Domain: clips with
phonemes and a trained recogniser, NaN without. It hardly detects words that are not in the text: those disappear in a
long phone or a silence. It knows one voice: the recordings of Marylux lose 0.9 by another pitch and vocal tract, as
much as by noise of 10 dB.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def alignment_fit(pair: Pair) -> float:
    """How well the spoken clip agrees with the sentence's phones, in nats a frame."""
    recogniser = pair.judges.open_recogniser() if pair.phonemes else None
    return recogniser.alignment_fit(pair.spoken.samples, pair.phonemes) if recogniser else float("nan")


METRIC = Metric(
    name="alignment_fit",
    group="words",
    label="alignment fit",
    unit="nats",
    best="high",
    digits=2,
    meaning="how well the sound agrees with the phones it should be, by a second judge",
    compute=alignment_fit,
    judged=True,
)
