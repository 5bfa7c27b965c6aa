"""phone deletions: phones of the sentence that are not recognised: dropped, swallowed or mumbled.

Unit: share of the phones of the sentence. Direction: lower is better, the recording's own value can be reached.
Domain and limits as `moien.score.metrics.phone_error`, of which it is a part.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def phone_deletions(pair: Pair) -> float:
    """Phones of the sentence that are not recognised, over its phones."""
    return pair.edits.share(pair.edits.deletions) if pair.edits else float("nan")


METRIC = Metric(
    name="phone_deletions",
    group="words",
    label="phone deletions",
    unit="share",
    best="low",
    digits=3,
    meaning="phones of the text that are missing, as in a dropped word",
    compute=phone_deletions,
    judged=True,
)
