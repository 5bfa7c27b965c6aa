"""phone deletions: phones of the sentence that were not heard: what was dropped, swallowed or mumbled.

Unit: share of the phones of the sentence. Direction: lower is better, the recording's own value can be reached.
Domain and limits as `moien.score.phone_error`, of which it is a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moien.score.metric import Metric

if TYPE_CHECKING:
    from moien.score.clip import Pair


def phone_deletions(pair: Pair) -> float:
    """Phones of the sentence that were not heard, over its phones."""
    return pair.edits.share(pair.edits.deletions) if pair.edits else float("nan")


METRIC = Metric("phone_deletions", "words", "phone deletions", "share", "low", 3,
                "what is in the text and was not heard, such as a word dropped", phone_deletions)  # fmt: skip
