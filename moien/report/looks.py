"""One colour and one mark for each row, the same in every table, plot and player: never colour alone."""

from __future__ import annotations

from collections.abc import Iterable

from moien.score.sentences import ROWS

# Rows by other names (of `moien score` on folders, or runs that are compared) take these in turn.
SPARE = ("stock", "trained", "other", "espeak", "recorded")


def looks(rows: Iterable[str]) -> dict[str, str]:
    """Row → its class in the style sheet and its mark in the plots."""
    rows = list(rows)
    free = [look for look in SPARE if look not in rows]
    others = [row for row in rows if row not in ROWS]
    spare = {row: free[i % len(free)] if free else "trained" for i, row in enumerate(others)}
    if len(others) == 1 and "trained" in free:
        spare[others[0]] = "trained"  # the only voice of the page
    return {row: spare.get(row, row) for row in rows}
