"""How the training's result was chosen: every candidate with its scores, as `choice.json` of stage 6 has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moien.report.table import shown
from moien.score.metrics import METRICS

OUTCOME = ("scores", "error")  # of a candidate; its other facts are what was tried


def in_words(choice: Mapping[str, Any]) -> str:
    """What was chosen, and which gates no candidate passed."""
    chosen = choice["candidates"][choice["chosen"]]
    parts = [
        f"Chosen by scores on dev: base + α · (trained − base) with α {chosen['predictor']:g} for the predictor "
        f"and {chosen['decoder']:g} for the decoder."
    ]
    parts += [
        f"No candidate passed for its {gate}: the best of them was taken." for gate in choice.get("shut", [])
    ]
    if not choice["quality_kept"]:
        parts.append("The trained voice is worse than the base: this training did harm.")
    return " ".join(parts)


def choice_table(choice: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen candidate, its runner-up and the others in the order in which they were tried.

    After them the scores of the recordings.
    """
    rows = choice["candidates"]
    tried = list(dict.fromkeys(key for row in rows for key in row if key not in OUTCOME))
    names = list(dict.fromkeys(name for row in rows for name in row.get("scores", {})))
    marks = {choice["chosen"]: "chosen", choice.get("runner_up"): "runner-up"}
    first = [index for index in marks if index is not None]
    order = [*first, *(index for index in range(len(rows)) if index not in first)]
    return {
        "tried": [name.replace("_", " ") for name in tried],
        "scores": [METRICS[name].heading if name in METRICS else name.replace("_", " ") for name in names],
        "rows": [
            {
                "mark": marks.get(index, ""),
                "tried": [f"{row[key]:.3g}" if key in row else "–" for key in tried],
                "cells": _cells(row.get("scores", {}), names),
                "error": row.get("error", ""),
            }
            for index, row in ((index, rows[index]) for index in order)
        ],
        "others": [{"row": "natural", "cells": _cells(choice["recorded"], names)}],
        "sentences": len(choice["sentences"]),
    }


def _cells(scores: Mapping[str, float], names: Sequence[str]) -> list[str]:
    return [_cell(name, scores[name]) if name in scores else "–" for name in names]


def _cell(name: str, value: float) -> str:
    return shown(METRICS[name], value) if name in METRICS else f"{value:.3g}"
