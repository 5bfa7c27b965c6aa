"""phone insertions: phones heard that the sentence does not have: what was said twice, or what noise is taken for.

Unit: share of the phones of the sentence. Direction: lower is better, the recording's own value can be reached.
Domain and limits as `moien.score.phone_error`, of which it is a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moien.score.metric import Metric

if TYPE_CHECKING:
    from moien.score.clip import Pair


def phone_insertions(pair: Pair) -> float:
    """Phones heard that the sentence does not have, over its phones."""
    return pair.edits.share(pair.edits.insertions) if pair.edits else float("nan")


METRIC = Metric("phone_insertions", "words", "phone insertions", "share", "low", 3,
                "what was said that is not in the text, such as a word said twice", phone_insertions)  # fmt: skip
