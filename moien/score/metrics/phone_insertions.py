"""phone insertions: recognised phones that the sentence does not have: repetitions, or noise taken for a phone.

Unit: share of the phones of the sentence. Direction: lower is better, the recording's own value can be reached.
Domain and limits as `moien.score.metrics.phone_error`, of which it is a part.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def phone_insertions(pair: Pair) -> float:
    """Recognised phones that the sentence does not have, over its phones."""
    return pair.edits.share(pair.edits.insertions) if pair.edits else float("nan")


METRIC = Metric(
    name="phone_insertions",
    group="words",
    label="phone insertions",
    unit="share",
    best="low",
    digits=3,
    meaning="phones that are not in the text, as in a repeated word",
    compute=phone_insertions,
    judged=True,
)
