"""Learn the weights of `moien/text/lb/stress.py` from the marks of LOD official: an averaged perceptron.

    tools/train_stress.py [lb_gold.json] [--output moien/text/lb/stress.tsv]

The held-out tenth (`moien/text/lb/heldout.py`) is not used for learning: the share of its words with the right stress
is printed, for words of two and more vowels with exactly one mark in LOD. Each run gives the same bytes.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import click

from moien.commands.options import FILE, NEW_FILE
from moien.corpus.readers import program
from moien.errors import WrongData
from moien.text.lb.heldout import held_out
from moien.text.lb.layers import LOD
from moien.text.lb.notation import mend
from moien.text.lb.stress import NUCLEUS, WEIGHTS, features

ROUNDS = 5
MARGIN = 3  # the right vowel must lead by this, or the weights change
SEEN = 4  # least number of occurrences of a learned feature: rarer ones identify single words
LEAST = 2  # smaller weights are removed: 2 leaves a sixth of them and costs half a point


class Marked(NamedTuple):
    """A word, the features of each of its vowels, and the place of the vowel with the mark."""

    word: str
    features: list[list[str]]
    stressed: int


def read(path: Path) -> list[Marked]:
    """Words with one mark and two or more vowels."""
    found = []
    try:
        spoken = {str(word): str(ipa) for word, ipa in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise WrongData(f"not a JSON object of words and phonemes: {error}", where=path) from None
    for word, ipa in spoken.items():
        phonemes = mend(ipa, word)[0] if ipa.count("ˈ") == 1 else ""
        plain = phonemes.replace("ˈ", "")
        nuclei = list(NUCLEUS.finditer(plain))
        places = [vowel.start() for vowel in nuclei]
        if len(nuclei) > 1 and "ˈ" in phonemes and phonemes.index("ˈ") in places:
            vowels = list(features(word.lower(), plain, nuclei))
            found.append(Marked(word, vowels, places.index(phonemes.index("ˈ"))))
    if not found:
        raise WrongData("there is no word of two vowels with one mark of stress", where=path)
    return found


def train(words: list[Marked]) -> dict[str, int]:
    """Weights of the features, without the small ones."""
    counts = Counter(name for word in words for names in word.features for name in names)
    kept = [
        Marked(w, [[n for n in names if counts[n] >= SEEN] for names in f], stressed)
        for w, f, stressed in words
    ]
    weights: dict[str, float] = defaultdict(float)
    sums: dict[str, float] = defaultdict(float)  # of changes times their steps, for the average
    order, step = random.Random(0), 0
    for _ in range(ROUNDS):
        order.shuffle(kept)
        for word in kept:
            step += 1
            scores = [sum(weights[name] for name in names) for names in word.features]
            right = scores[word.stressed]
            rival = max((i for i in range(len(scores)) if i != word.stressed), key=scores.__getitem__)
            if right < scores[rival] + MARGIN:
                for vowel, change in ((word.stressed, 1), (rival, -1)):
                    for name in word.features[vowel]:
                        weights[name] += change
                        sums[name] += change * step
    average = {name: weight - sums[name] / (step + 1) for name, weight in weights.items()}
    return {name: round(weight) for name, weight in average.items() if abs(weight) >= LEAST}


def share_right(words: list[Marked], weights: dict[str, int]) -> float:
    """Share of words whose vowel with the highest score is the marked one."""
    right = 0
    for word in words:
        scores = [sum(weights.get(name, 0) for name in names) for names in word.features]
        right += scores.index(max(scores)) == word.stressed
    return right / len(words)


@program
@click.argument("lexicon", type=FILE, required=False)
@click.option("--output", type=NEW_FILE, default=WEIGHTS, show_default=True)
def main(lexicon: Path | None, output: Path) -> None:
    words = read(lexicon or LOD.fetch(download=True))
    seen, unseen = [w for w in words if not held_out(w.word)], [w for w in words if held_out(w.word)]
    weights = train(seen)
    output.write_text("".join(f"{name}\t{weights[name]}\n" for name in sorted(weights)), encoding="utf-8")
    click.echo(
        f"{len(weights)} weights from {len(seen)} words: right for {share_right(seen, weights):.1%} of them"
    )
    click.echo(f"right for {share_right(unseen, weights):.1%} of {len(unseen)} words that were held out")


if __name__ == "__main__":
    main()
