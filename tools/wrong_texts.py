"""How well stage 3 tells a corpus with right texts from the same corpus with wrong ones.

    tools/wrong_texts.py lb mini          # lengths of the texts only
    tools/wrong_texts.py --sounds 60 lb   # also trains the aligner, on the first 60 recordings

Reads the outputs of stages 1 and 2. A line for each recipe and kind of error, with the numbers of `moien.align.belong`:
the largest log likelihood ratio of a stretch of rows (refused above LIMIT), that of no text for all rows, and the share
of phones that are recognised (refused below RECOGNISED if the second number is above DOUBT).
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import click
import numpy as np

from moien.align import hmm
from moien.align.belong import NO_TEXT, lengths, recognised, row_gains
from moien.align.item import Item, read_items
from moien.corpus.readers import program
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME


def wrong_orders(rows: list[int]) -> dict[str, list[int]]:
    """Kind of error → for each row, the row whose text it has."""
    middle, third, rng = len(rows) // 2, len(rows) // 3, random.Random(1)
    some = rng.sample(rows, len(rows) // 5)
    moved = dict(zip(some, rng.sample(some, len(some)), strict=True))
    return {
        "right": rows,
        "a fifth wrong": [moved.get(row, row) for row in rows],
        "shifted": [*rows[1:], rows[0]],
        "shifted by two": [*rows[-2:], *rows[:-2]],
        "from the middle on": [*rows[:middle], *rows[middle + 1 :], rows[middle]],
        "a third in the middle": [
            *rows[:third],
            *rows[third + 1 : 2 * third],
            rows[third],
            *rows[2 * third :],
        ],
        "shuffled": rng.sample(rows, len(rows)),
    }


def largest_gain(gains: dict[int, np.ndarray]) -> float:
    """Of a stretch of rows, over all lags."""
    sums = (np.concatenate([[0.0], gain.cumsum()]) for gain in gains.values())
    return max(float((s - np.minimum.accumulate(s)).max()) for s in sums)


@program
@click.option("--sounds", default=0, help="Recordings to train the aligner on; 0: none.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
@click.argument("recipes", nargs=-1, required=True)
def main(sounds: int, overrides: tuple[str, ...], recipes: tuple[str, ...]) -> None:
    """Print the table."""
    for recipe in recipes:
        settings = load_settings(recipe, overrides)
        items = read_items(*(BY_NAME[name].folder(settings) for name in ("data", "g2p")))
        ids = sorted(items)[: sounds or None]
        for kind, order in wrong_orders(list(range(len(ids)))).items():
            texts = [items[ids[row]].phonemes for row in order]
            wrong = {u: Item("train", items[u].utterance, text) for u, text in zip(ids, texts, strict=True)}
            gains = row_gains(*lengths(wrong, ids))
            line = f"{settings.recipe:12} {len(ids):5} {kind:22} {largest_gain(gains):8.1f} {gains[NO_TEXT].sum():8.1f}"
            if sounds:
                with tempfile.TemporaryDirectory() as folder:
                    found = hmm.align(wrong, Path(folder, "viter"), settings.seed)
                shares = recognised({u: items[u].utterance.audio for u in found}, found)
                line += f" {np.median(list(shares.values())):6.3f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
