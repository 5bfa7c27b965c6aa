"""Counts of the parts and endings of words in the lexica; `tools/train_g2p.py` stores them with its model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from moien.text.lb.compounds import ENDING, LONGEST, SHORTEST, Counts, join, known_part
from moien.text.lb.notation import unmarked

# An ending replaces another in at least so many pairs of words, and is right in at least this share of them.
_OFTEN, _SURE = 8, 0.9
_RELATED = 40  # words of one stem that are compared, at most
_LONG_CHANGE = 6  # symbols; a longer change is no ending


def count_parts(lexicon: Mapping[str, str]) -> Counts:
    """The counts of a lexicon: words in lower case → phonemes with stress."""
    first, last = _parts(lexicon)
    return Counts(first, last, _endings(lexicon))


def _parts(lexicon: Mapping[str, str]) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    counts: tuple[dict[str, list[int]], dict[str, list[int]]] = ({}, {})
    for word, phonemes in lexicon.items():
        if not 2 * SHORTEST <= len(word) <= LONGEST:
            continue
        whole = unmarked(phonemes)
        for at in range(SHORTEST, len(word) - SHORTEST + 1):
            begin = known_part(lexicon.get, word[:at])
            end = known_part(lexicon.get, word[at:]) if begin else None
            if not (begin and end):
                continue
            together = whole == unmarked(join([begin, end]))
            for part, count, right in (
                (word[:at], counts[0], together or whole.startswith(unmarked(begin))),
                (word[at:], counts[1], together or whole.endswith(unmarked(end))),
            ):
                for key in (part, str(min(len(part), 9))):
                    seen = count.setdefault(key, [0, 0])
                    seen[0] += right
                    seen[1] += 1
    first, last = ({key: (right, seen) for key, (right, seen) in sorted(count.items())} for count in counts)
    return first, last


def _endings(lexicon: Mapping[str, str]) -> dict[str, list[tuple[str, str, float]]]:
    """The change of phonemes when one ending replaces another after a letter, if it is nearly always the same."""
    related: dict[str, list[str]] = defaultdict(list)
    for word in sorted(lexicon):
        for length in range(min(ENDING, len(word) - SHORTEST) + 1):
            stem = word[: len(word) - length]
            if len(related[stem]) < _RELATED:
                related[stem].append(word)
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for stem, words in related.items():
        for old in words:
            for new in words:
                before, after = old[len(stem) :], new[len(stem) :]
                if before[:1] != after[:1]:
                    pairs[f"{stem[-1]}|{before}|{after}"].append((lexicon[old], lexicon[new]))
    rules = {}
    for key, found in sorted(pairs.items()):
        if len(found) < _OFTEN:
            continue
        changes: Counter[tuple[str, str]] = Counter()
        for before, after in found:
            same = _in_common(before, after)
            if max(len(before), len(after)) - same <= _LONG_CHANGE:
                changes[before[same:], after[same:]] += 1
        kept = []
        for (before, after), right in changes.most_common():
            if right < _OFTEN:
                break
            share = right / (1 + sum(old.endswith(before) for old, _ in found))
            if share >= _SURE:
                kept.append((before, after, round(share, 3)))
        if kept:
            rules[key] = kept
    return rules


def _in_common(first: str, second: str) -> int:
    """The number of equal symbols at the start."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))
