"""The layers merged into one list of words, with the stress of each.

Trust: the corrections, what LOD's editors wrote, MFA, what a program wrote in LOD, LOD 2021. LOD official holds both:
6,200 entries have the mark of stress directly before the vowel, or are weak words; on those MFA, in LOD's notation,
has the same sounds in 95.8 % of the words. On the program's entries it is 91.2 %, and most of the differences there
are slips of the program (syndikat sɛ̃ːdi-, beggen bəɡʒən, portugal -tuːɡ-, tinner tɛ̃ːnɐ). LOD 2021 agrees with the
editors in 66.9 %. `tests/unit/test_lb_lexicon.py` measures it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from moien.text.lb.layers import Layer, Note
from moien.text.lb.notation import marks
from moien.text.lb.stress import NUCLEUS, WEAK, stress

# Inflection does not move the stress: platinnen, platinn and platin are stressed alike. Derivation may (-ei, -ur, -ie).
_ENDINGS = ("", *"n en nen e ne es em s t st te ten ste sten".split())
_DERIVED = re.compile("(?:ie|in|ienne)$")  # Geographie, Geographin: not each other's inflection
_INFLECTED = "n en nen e er es em s t st te ten ste sten ter in innen".split()
_SHORTEST_STEM = 4


class Entry(NamedTuple):
    """Phonemes in Kokoro's symbols, ˈ and ˌ directly before their vowels, and the layer that they come from."""

    phonemes: str
    source: str


def merge(layers: Sequence[Layer], without: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """Word → entry of the layer that is trusted most, with ˈ on every word but the weak ones.

    `without` (in lower case) are held-out words: no layer gives them, nor their stress to others.
    """
    chosen: dict[str, Entry] = {}
    for doubtful in (False, True):
        for layer in layers:
            for word, phonemes in layer.words.items():
                if (word in layer.doubtful) == doubtful and word.lower() not in without:
                    chosen.setdefault(word, Entry(phonemes, layer.name))
    *others, last = layers
    sure: dict[str, str] = {}
    doubted: dict[str, Entry] = {}
    for layer in others:
        for word, phonemes in layer.words.items():
            if word in chosen and word in layer.doubtful:
                doubted.setdefault(word, Entry(phonemes, layer.name))
            elif word in chosen and "ˈ" in phonemes:
                sure.setdefault(word, phonemes)
    merged = {word: _with_stress(word, entry, sure, doubted.get(word)) for word, entry in chosen.items()}
    better = {word: entry.phonemes for word, entry in merged.items() if entry.source != last.name}
    for word, entry in merged.items():
        if entry.source == last.name and (said := on_better_stem(word, last.words, better)):
            merged[word] = Entry(said if "ˈ" in said else stress(word, said), last.name)
    return merged


def replaced(layers: Sequence[Layer], merged: Mapping[str, Entry]) -> Iterator[Note]:
    """Rows for the report: doubtful pronunciations that gave way to another layer with other sounds."""
    for layer in layers:
        for word in sorted(layer.doubtful & merged.keys()):
            before, entry = layer.words[word], merged[word]
            if marks(before)[0] != marks(entry.phonemes)[0]:
                yield Note(word, layer.name, f"other sounds: from {entry.source}", before, entry.phonemes)


def on_better_stem(word: str, layer: Mapping[str, str], better: Mapping[str, str]) -> str | None:
    """A word that only a doubtful layer has, with that layer's ending on the stem that a better layer has.

    `better` maps words to phonemes. diplomen from LOD 2021's diplom, diplomen and MFA's diplom; None if there is none.
    """
    for ending in _INFLECTED:
        stem = word.removesuffix(ending)
        if len(word) > len(stem) >= _SHORTEST_STEM and stem in layer and stem in better:
            old, theirs, ours = layer[stem], layer[word], better[stem]
            kept = sum(
                1
                for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, theirs, strict=False))
            )
            changed = old[kept:]  # what the ending changes: the s of Haus in Haiser
            whole = theirs[kept : kept + 1] not in "ː\u0303"  # not the length of a vowel that is cut off
            if len(changed) <= 1 and ours[-1:] == old[-1:] and whole:
                return ours.removesuffix(changed) + theirs[kept:]
    return None


def _with_stress(word: str, entry: Entry, sure: Mapping[str, str], doubted: Entry | None) -> Entry:
    """The marks, in this order: its own if sure, a relative's (platinn), the program's in LOD, the rule's."""
    if entry.source == "correction" or (sure.get(word) == entry.phonemes and word not in WEAK):
        return entry
    plain = marks(entry.phonemes)[0]
    if word in WEAK:
        return Entry(plain, entry.source)
    same = doubted is not None and marks(doubted.phonemes)[0] == plain
    source = doubted.source if doubted and same else entry.source  # MFA says what LOD says
    for relative in (sure[other] for other in _relatives(word) if other in sure):
        if (place := _same_place(relative, plain)) is not None:
            return Entry(f"{plain[:place]}ˈ{plain[place:]}", source)
    if doubted and "ˈ" in doubted.phonemes and not _on_schwa(word, doubted.phonemes):
        if same:
            return doubted
        if (place := _same_place(doubted.phonemes, plain)) is not None:
            return Entry(f"{plain[:place]}ˈ{plain[place:]}", source)
    return Entry(stress(word, plain), source)


def _relatives(word: str) -> Iterator[str]:
    """Other forms that the word may have, the nearest first."""
    if _DERIVED.search(word):
        return
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= _SHORTEST_STEM and (not ending or stem != word):
            yield from (stem + other for other in _ENDINGS if not _DERIVED.search(stem + other))


def _same_place(marked: str, plain: str) -> int | None:
    """Where ˈ goes in `plain` if the vowels up to the stressed one of `marked` are as many and that one is the same."""
    start = marks(marked.partition("ˈ")[0])[0]
    number = len(list(NUCLEUS.finditer(start)))
    theirs = list(NUCLEUS.finditer(marks(marked)[0]))
    ours = list(NUCLEUS.finditer(plain))
    if number >= min(len(theirs), len(ours)) or theirs[number].start() != len(start):
        return None
    same = _quality(theirs[number].group()) == _quality(ours[number].group())
    return ours[number].start() if same else None


def _on_schwa(word: str, phonemes: str) -> bool:
    """Whether the stress lies where it cannot: on a reduced vowel that is no spelt ë, but for a first one (Telefon)."""
    before, _, rest = phonemes.partition("ˈ")
    stressed = NUCLEUS.match(rest)
    reduced = stressed is not None and stressed.group() in ("ə", "ɐ") and "ë" not in word
    return reduced and (NUCLEUS.search(before) is not None or word.startswith("ge"))


def _quality(vowel: str) -> str:
    return vowel.rstrip("ː")
