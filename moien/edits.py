"""The fewest edits that make one sequence out of another (Levenshtein), with their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Step = tuple[int | None, int | None]


def edit_path(reference: Sequence[Any], found: Sequence[Any]) -> list[Step]:
    """Positions along a cheapest path from `reference` to `found`, from left to right.

    `(i, j)` are two items that are equal or substituted, `(i, None)` a deletion, `(None, j)` an insertion. Of several
    cheapest paths, the one with the latest substitutions: a phone that is mistaken for another one is one error at its
    place. rapidfuzz, on which jiwer rests, takes a deletion and an insertion there, so its counts differ.
    """
    costs = [list(range(len(found) + 1))]
    for i, item in enumerate(reference, start=1):
        row = [i]
        for j, other in enumerate(found, start=1):
            row.append(min(costs[-1][j - 1] + (item != other), costs[-1][j] + 1, row[-1] + 1))
        costs.append(row)
    path: list[Step] = []
    i, j = len(reference), len(found)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (reference[i - 1] != found[j - 1]):
            i, j = i - 1, j - 1
            path.append((i, j))
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            path.append((i, None))
        else:
            j -= 1
            path.append((None, j))
    return path[::-1]


def edit_distance(reference: Sequence[Any], found: Sequence[Any]) -> int:
    """The number of deletions, insertions and substitutions on a cheapest path."""
    path = edit_path(reference, found)
    return sum(i is None or j is None or reference[i] != found[j] for i, j in path)
