"""The results of a listening test: means with intervals, from the answers alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from moien.errors import WrongData
from moien.listen.store import Store
from moien.score.bootstrap import Estimate, bootstrap

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = {"mos": "mean opinion, 1–5", "mushra": "mean, 0–100", "ab": "preference, −1…1"}


@dataclass(frozen=True)
class Result:
    """The rating of a system, or how much `system` is preferred to `other`; `listeners` and answers behind it.

    `won`, `lost` and `tied` are shares of the answers of an ab test.
    """

    system: str
    other: str
    rating: Estimate
    listeners: int
    won: float | None = None
    lost: float | None = None
    tied: float | None = None


def results(store: Store) -> list[Result]:
    """One result for each system (ab: each pair), in the order of the test; WrongData without answers.

    The interval is a bootstrap over sentences, each of which counts once, however many listeners rated it: how far
    other sentences could move the mean. It does not show how much other listeners would.
    """
    rows = store.answers()
    if not rows:
        raise WrongData("there are no answers yet", where=store.path, remedy="run the test first")
    order = store.test.systems
    by_key: dict[tuple[str, str], list[tuple[str, str, float]]] = defaultdict(list)
    for listener, sentence, system, other, value in rows:
        if other and order.index(system) > order.index(other):  # the sides are random
            system, other, value = other, system, -value
        by_key[system, other].append((listener, sentence, value))
    found = []
    for system, other in sorted(by_key, key=lambda key: [order.index(name) for name in key if name]):
        answers = by_key[system, other]
        by_sentence: dict[str, list[float]] = defaultdict(list)
        for _, sentence, value in answers:
            by_sentence[sentence].append(value)
        rating = bootstrap([float(np.mean(values)) for values in by_sentence.values()], seed=0)
        values = np.array([value for _, _, value in answers])
        result = Result(system, other, rating, len({listener for listener, _, _ in answers}))
        if other:
            won, lost, tied = (float(part.mean()) for part in (values > 0, values < 0, values == 0))
            result = replace(result, won=won, lost=lost, tied=tied)
        found.append(result)
    return found


def results_json(store: Store) -> dict[str, Any]:
    """The same for programs."""
    return {"kind": store.test.kind, "results": [asdict(result) for result in results(store)]}


def results_table(store: Store) -> Table:
    """The same for the terminal."""
    from rich import box
    from rich.table import Table

    kind = store.test.kind
    table = Table(title=str(store.path), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("system")
    for heading in (HEADINGS[kind], "95 %", "sentences", "listeners"):
        table.add_column(heading, justify="right")
    if kind == "ab":
        table.add_column("better / neither / worse", justify="right")
    for result in results(store):
        name = f"{result.system} over {result.other}" if result.other else result.system
        rating = result.rating
        cells = [
            name,
            f"{rating.mean:.2f}",
            f"{rating.low:.2f} to {rating.high:.2f}",
            str(rating.n),
            str(result.listeners),
        ]
        if result.won is not None:
            cells.append(f"{result.won:.0%} / {result.tied:.0%} / {result.lost:.0%}")
        table.add_row(*cells)
    return table
