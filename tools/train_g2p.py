"""Train the model of letters and phonemes on the lexica: `make g2p-model`.

    tools/train_g2p.py [--held-out] [--output moien/text/lb/g2p.zip]

With --held-out, the tenth of LOD official that `tools/score_g2p.py` scores is left out.
"""

from __future__ import annotations

import json
import math
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import numpy.typing as npt

from moien.commands.options import NEW_FILE
from moien.corpus.readers import program
from moien.errors import WrongData
from moien.text.lb.compounds import Counts
from moien.text.lb.heldout import held_out, units
from moien.text.lb.layers import read_layers
from moien.text.lb.lexicon import merge
from moien.text.lb.model import END, LETTERS, MODEL, NODES, START, STEP
from moien.text.lb.notation import unmarked
from moien.text.lb.parts import count_parts

ORDER = 8  # pairs of an n-gram
ROUNDS = 6  # of expectation and maximisation
SAMPLE = 12_000  # words from which the pairs are learned; then all words are cut with them
# Weight of a word in the lexica that were not written by hand; a word of LOD official has 1.
WEIGHTS = {"mfa": 0.3, "lod2021": 0.3, "french": 0.3}
# English words and names are no sample of the spelling of new words.
LEFT_OUT = ("english", "name")
RARE = 5e-4  # share of all pairs: rarer pairs of two letters cost more time than they are worth
# Nats that an n-gram must save over all its uses to be kept: a higher value gives a smaller, slightly worse model.
PRUNE = 0.8

Pair = tuple[str, str]
Place = tuple[int, int]  # letters and phonemes that were read
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Spelt(NamedTuple):
    """A word in lower case, its phonemes without stress, and how often it counts."""

    word: str
    phonemes: str
    weight: float = 1.0


class Aligner:
    """Cuts words into pairs of one letter and up to two phonemes, or two letters and one phoneme."""

    def __init__(self, words: Sequence[Spelt]) -> None:
        """Learn the costs of pairs from a sample, by expectation and maximisation."""
        self._costs: dict[tuple[str, str], float] = {}
        sample = [(s.word, units(s.phonemes)) for s in words[:: max(1, len(words) // SAMPLE)]]
        for _ in range(ROUNDS):
            counts: dict[tuple[str, str], float] = defaultdict(float)
            for word, phonemes in sample:
                self._expect(word, phonemes, counts)
            total = sum(counts.values())
            self._costs = {pair: -math.log(count / total) for pair, count in counts.items() if count > 1e-3}
        self._costs = {
            pair: cost for pair, cost in self._costs.items() if len(pair[0]) == 1 or cost < -math.log(RARE)
        }

    def cut(self, word: str, phonemes: str) -> list[Pair]:
        """The likeliest pairs; empty if the word cannot be cut."""
        sounds = units(phonemes)
        best: dict[Place, tuple[float, Place, Pair]] = {(0, 0): (0.0, (0, 0), ("", ""))}
        for start, pair, stop in _arcs(word, sounds):
            if start in best:
                cost = best[start][0] + self._costs.get(pair, 25.0)  # a rare pair, or not in the sample
                if stop not in best or cost < best[stop][0]:
                    best[stop] = (cost, start, pair)
        at, pairs = (len(word), len(sounds)), []
        while at in best and at != (0, 0):
            _, at, pair = best[at]
            pairs.append(pair)
        return pairs[::-1]

    def _expect(self, word: str, phonemes: list[str], counts: dict[Pair, float]) -> None:
        """Add to `counts` how probable each pair is in this word (forward-backward)."""
        arcs = _arcs(word, phonemes)
        shares = [math.exp(-self._costs.get(pair, 50.0)) if self._costs else 1.0 for _, pair, _ in arcs]
        ahead: dict[Place, float] = defaultdict(float, {(0, 0): 1.0})
        for (start, _, stop), share in zip(arcs, shares, strict=True):
            ahead[stop] += ahead[start] * share
        last = (len(word), len(phonemes))
        if not ahead[last]:
            return
        behind: dict[Place, float] = defaultdict(float, {last: 1.0})
        for (start, pair, stop), share in zip(reversed(arcs), reversed(shares), strict=True):
            mass = share * behind[stop]
            behind[start] += mass
            counts[pair] += ahead[start] * mass / ahead[last]


def _arcs(word: str, phonemes: list[str]) -> list[tuple[Place, Pair, Place]]:
    """All pairs between two places; the arcs to a place come before those from it."""
    arcs = []
    for i in range(len(word)):
        for j in range(len(phonemes) + 1):
            for letters, sounds in ((1, 0), (1, 1), (1, 2), (LETTERS, 1)):
                stop = (i + letters, j + sounds)
                if stop[0] <= len(word) and stop[1] <= len(phonemes):
                    arcs.append(((i, j), (word[i : stop[0]], "".join(phonemes[j : stop[1]])), stop))
    return arcs


def train(words: Sequence[Spelt], parts: Counts, file: Path) -> dict[str, int]:
    """Write the model of these words; returns what to print."""
    aligner = Aligner(words)
    cuts = [(pairs, spelt.weight) for spelt in words if (pairs := aligner.cut(spelt.word, spelt.phonemes))]
    alphabet = {letter for spelt in words for letter in spelt.word}
    seen: dict[tuple[str, str], float] = defaultdict(float)
    for pairs, weight in cuts:
        for pair in pairs:
            seen[pair] += weight
    # a letter that occurs only in pairs of two letters must also be readable alone
    alone = {(letter, "") for letter in alphabet - {letters for letters, _ in seen if len(letters) == 1}}
    pairs = [("", "</s>"), ("", "<s>"), *sorted(seen.keys() | alone)]
    numbers = {pair: number for number, pair in enumerate(pairs)}
    line = [number for cut, _ in cuts for number in (START, *(numbers[pair] for pair in cut), END)]
    lengths = np.array([len(cut) + 2 for cut, _ in cuts])
    weights = np.repeat([weight for _, weight in cuts], lengths)
    places = np.arange(len(line)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    grams = _count(np.array(line), places, weights, len(pairs), ORDER)
    _smooth(grams)
    _prune(grams, PRUNE)
    tokens, children, costs, retreats = _trie(grams)
    _save(
        file,
        pairs,
        parts,
        {"tokens": tokens, "costs": costs, "retreats": retreats} | _links(pairs, tokens, children),
    )
    return {"words": len(cuts), "lost": len(words) - len(cuts), "pairs": len(pairs), "n-grams": len(tokens)}


class Grams:
    """All n-grams of one length, sorted by the n-gram before their last pair and by their last pair."""

    def __init__(
        self, parents: Integers, tokens: Integers, shorter: Integers, counts: Floats, uses: Floats
    ) -> None:
        # numbers: of the n-gram before the last pair, of that pair, and of the n-gram without the first pair
        self.parents, self.tokens, self.shorter = parents, tokens, shorter
        self.counts, self.uses = counts, uses  # for Kneser-Ney; in the words themselves
        self.share = self.lower = np.zeros(len(tokens))  # probability; probability by the shorter n-gram
        self.discounted = np.zeros(len(tokens))
        self.kept = np.ones(len(tokens), bool)


def _count(line: Integers, places: Integers, weights: Floats, size: int, order: int) -> list[Grams]:
    """`places`: distance of each item of `line` from the start of its word, which no n-gram crosses."""
    grams: list[Grams] = []
    before = np.zeros(len(line), np.int64)  # number of the n-gram, one shorter, that ends at each place
    for length in range(1, order + 1):
        valid = np.flatnonzero(places >= length - 1)
        parents = before[valid - 1] if length > 1 else np.zeros(len(valid), np.int64)
        every_pair = np.arange(size if length == 1 else 0)  # also pairs that do not occur are 1-grams
        keys = np.concatenate([parents * size + line[valid], every_pair]).astype(np.int64)
        unique, index, inverse = np.unique(keys, return_index=True, return_inverse=True)
        uses: Floats = np.bincount(inverse[: len(valid)], weights[valid], len(unique)).astype(float)
        ends = valid[np.minimum(index, len(valid) - 1)]
        grams.append(Grams(unique // size, unique % size, before[ends].copy(), uses.copy(), uses))
        if length == 1:
            grams[0].shorter[:] = 0
        else:  # Kneser-Ney: a shorter n-gram counts how many pairs it follows, unless it starts the word
            lower = grams[-2]
            kinds = np.bincount(grams[-1].shorter, minlength=len(lower.tokens)).astype(float)
            lower.counts = np.where(kinds > 0, kinds, lower.counts)
        before = np.zeros(len(line), np.int64)
        before[valid] = inverse[: len(valid)]
    grams[0].counts[START] = 0.0
    return grams


def _smooth(grams: list[Grams]) -> None:
    """Interpolated modified Kneser-Ney: probabilities, and the discount of each n-gram for the shorter ones."""
    size = len(grams[0].tokens)
    for length, level in enumerate(grams, start=1):
        rounded = np.maximum(1, np.round(level.counts)).astype(int)
        once, twice, thrice, more = (max(1, int(np.sum(rounded == n))) for n in (1, 2, 3, 4))
        y = once / (once + 2 * twice)
        steps = np.array(
            [0.0, 1 - 2 * y * twice / once, 2 - 3 * y * thrice / twice, 3 - 4 * y * more / thrice]
        )
        discounts = np.minimum(np.clip(steps, 0.1, 2.5)[np.minimum(rounded, 3)], level.counts * 0.9)
        totals = np.bincount(level.parents, level.counts)[level.parents]
        free = np.bincount(level.parents, discounts)[level.parents]
        level.lower = np.full(size, 1 / size) if length == 1 else grams[length - 2].share[level.shorter]
        level.discounted = (level.counts - discounts) / totals
        level.share = level.discounted + free / totals * level.lower


def _prune(grams: list[Grams], threshold: float) -> None:
    """Drop n-grams that the shorter one predicts nearly as well; keep those that lead to the others."""
    for level in grams[1:]:
        free = 1 - np.bincount(level.parents, level.discounted)[level.parents]
        level.kept = level.uses * np.log(level.share / np.maximum(free * level.lower, 1e-9)) > threshold
    for longer, level in zip(grams[:0:-1], grams[-2::-1], strict=True):
        level.kept[longer.parents[longer.kept]] = True
        level.kept[longer.shorter[longer.kept]] = True
    grams[0].kept[:] = True


def _trie(grams: list[Grams]) -> tuple[Integers, Integers, Integers, Integers]:
    """Pair, number of children, cost and cost of the retreat of every node, level by level, the root first."""
    tokens, children, costs, retreats = [np.array([0])], [], [np.array([0])], []
    above = np.array([1])  # places of the kept n-grams of the level before: here the empty one
    size = 1
    for level in grams:
        kept = np.flatnonzero(level.kept)
        tokens.append(level.tokens[kept])
        costs.append(_steps(level.share[kept]))
        children.append(np.bincount(level.parents[kept], minlength=size)[above > 0])
        # Interpolated shares of the kept and of the dropped add up with the retreat that is left to the dropped.
        taken = np.bincount(level.parents[kept], level.share[kept], size)
        lower = np.bincount(level.parents[kept], level.lower[kept], size)
        retreats.append(_steps(np.clip((1 - taken) / np.maximum(1 - lower, 1e-6), 1e-6, 1.0))[above > 0])
        above, size = level.kept, len(level.kept)
    children.append(np.zeros(int(above.sum()), np.int64))
    retreats.append(np.zeros(int(above.sum()), np.int64))
    return (np.concatenate(tokens), np.concatenate(children), np.concatenate(costs), np.concatenate(retreats))


def _links(pairs: Sequence[Pair], tokens: Integers, children: Integers) -> dict[str, Integers]:
    """Of each node: its first child, the node of its n-gram without the first pair, and its state (`model.Nodes`)."""
    first = 1 + np.concatenate([[0], np.cumsum(children, dtype=np.int64)])
    keys = np.concatenate([[-1], np.repeat(np.arange(len(tokens)), children) * len(pairs) + tokens[1:]])
    shorter = np.zeros(len(tokens), np.int64)
    states = np.where(children, np.arange(len(tokens)), 0)
    low, high = int(first[1]), int(first[first[1]])
    while low < high:  # one level after the other, because a node needs the result of its parent
        parents = keys[low:high] // len(pairs)
        shorter[low:high] = np.searchsorted(keys, shorter[parents] * len(pairs) + tokens[low:high])
        leaf = states[low:high] == 0
        states[low:high][leaf] = states[shorter[low:high][leaf]]
        low, high = int(first[low]), int(first[high])
    return {"first": first, "shorter": shorter, "states": states}


def _save(file: Path, pairs: Sequence[Pair], parts: Counts, nodes: dict[str, Integers]) -> None:
    """Write the file for `LetterModel.open` and `Counts.open`; the same model gives the same bytes."""
    stored = {name: nodes[name].astype(code).tobytes() for name, code in NODES.items()}
    stored |= {
        name: json.dumps(list(value), ensure_ascii=False).encode()
        for name, value in (("pairs", pairs), ("parts", parts))
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in stored.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def _steps(shares: Floats) -> Integers:
    return np.clip(np.round(-np.log(np.maximum(shares, 1e-30)) / STEP), 0, 255).astype(np.int64)


def make(file: Path, without: frozenset[str] = frozenset()) -> dict[str, int]:
    """Train on all lexica but the words of `without`, and write the model; returns what to print."""
    layers, lost = read_layers()
    if lost:
        print(lost, file=sys.stderr)
    lexicon = {
        word: entry
        for word, entry in merge(layers, without).items()
        if word.isalpha() and word.islower() and entry.source not in LEFT_OUT
    }
    words = [
        Spelt(word, unmarked(entry.phonemes), WEIGHTS.get(entry.source, 1.0))
        for word, entry in sorted(lexicon.items())
    ]
    return train(words, count_parts({word: entry.phonemes for word, entry in lexicon.items()}), file)


@program
@click.option("--held-out", "hold", is_flag=True, help="Leave out the tenth that tools/score_g2p.py scores.")
@click.option("--output", type=NEW_FILE, default=MODEL, show_default=True)
def main(hold: bool, output: Path) -> None:
    """Train, write the model, print its size and the time."""
    began = time.monotonic()
    layers, lost = read_layers()
    lod = next((layer for layer in layers if layer.name == "lod"), None)
    if lod is None:
        raise WrongData(lost)
    facts = make(output, frozenset(filter(held_out, lod.words)) if hold else frozenset())
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB in {time.monotonic() - began:.0f} s, {facts}")


if __name__ == "__main__":
    main()
