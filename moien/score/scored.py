"""What scoring gives for a sentence: the scores of each row, and where they are worst."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Scores = dict[str, float]


@dataclass(frozen=True)
class Details:
    """What the page shows of a clip beside its scores: metric → seconds at which it is worst, the worst first.

    `missed` are the words, by their number in the phoneme string, that the phone recogniser did not find.
    """

    worst: dict[str, list[float]] = field(default_factory=dict)
    missed: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class ScoredSentence:
    """The scores of a sentence, row → metric → value (NaN where the metric does not exist)."""

    id: str
    speaker: str
    text: str
    rows: dict[str, Scores] = field(default_factory=dict)
    details: dict[str, Details] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `utterances.jsonl`: NaN becomes null, values are rounded to six decimals."""
        rows = {
            row: {name: number(value) for name, value in scores.items()} for row, scores in self.rows.items()
        }
        details = {row: asdict(facts) for row, facts in self.details.items()}
        return {"id": self.id, "speaker": self.speaker, "text": self.text, "rows": rows, "details": details}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> ScoredSentence:
        """What `as_json` wrote."""
        rows = {
            row: {name: math.nan if value is None else value for name, value in scores.items()}
            for row, scores in facts["rows"].items()
        }
        details = {row: Details(**detail) for row, detail in facts["details"].items()}
        return cls(facts["id"], facts["speaker"], facts["text"], rows, details)


def number(value: float) -> float | None:
    """A float as JSON has it: rounded to six decimals, None for NaN."""
    return None if math.isnan(value) else round(value, 6)
