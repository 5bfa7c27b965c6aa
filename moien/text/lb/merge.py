"""The layers merged into one list of words, each with its stress.

Order of trust: corrections, entries by the editors of LOD, MFA, entries of LOD by a program, LOD 2021. LOD official has
both kinds: 6,200 entries have the mark of stress directly before the vowel or are weak words; of these, MFA (in LOD's
notation) has the same sounds for 95.8 %. Of the entries by a program it is 91.2 %, and most of the differences are
faults of the program (syndikat sɛ̃ːdi-, beggen bəɡʒən, portugal -tuːɡ-, tinner tɛ̃ːnɐ). LOD 2021 agrees with the
editors in 66.9 %. `tests/unit/test_lb_lexicon.py` measures it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from moien.text.lb.layers import BY_HAND, LOANS, Layer, Note
from moien.text.lb.notation import marks
from moien.text.lb.stress import NUCLEUS, VOWEL, WEAK, stress

# Inflection does not move the stress: platinnen, platinn and platin have the same. Derivation may (-ei, -ur, -ie).
_ENDINGS = ("", *"n en nen e ne es em s t st te ten ste sten".split())
_DERIVED = re.compile("(?:ie|in|ienne)$")  # Geographie and Geographin are derived, not inflected
_INFLECTED = "n en nen e er es em s t st te ten ste sten ter in innen".split()
_SHORTEST_STEM = 4
_VOICELESS = str.maketrans("bdɡvzʒʁ", "ptkfsʃχ")
_CONSONANT_E = re.compile("[^aeiouyäëéöüèêàâîôûï]e$")
_VOICED = {"b": "b", "d": "d", "v": "v", "w": "v", "s": "z"}  # letter → sound between two vowels
_SINGLE_E = re.compile("[aeiouyäëéöü](?:[bdvws]|nd|ld|rd)e$")


class Entry(NamedTuple):
    """Phonemes in Kokoro's symbols, ˈ and ˌ directly before their vowels, and the layer of their origin."""

    phonemes: str
    source: str


def merge(layers: Sequence[Layer], without: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """Word → entry of the most trusted layer that has it, with ˈ on every word except weak ones.

    `without` (in lower case) are held-out words: they are left out, and give no stress to other words.
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
            elif word in chosen and "ˈ" in phonemes and layer.name not in LOANS:
                sure.setdefault(word, phonemes)
    merged = {word: _with_stress(word, entry, sure, doubted.get(word)) for word, entry in chosen.items()}
    better = {word: entry.phonemes for word, entry in merged.items() if entry.source != last.name}
    for word, entry in merged.items():
        if entry.source == last.name and (derived := on_better_stem(word, last.words, better)):
            merged[word] = Entry(derived if "ˈ" in derived else stress(word, derived), last.name)
    for word, entry in list(merged.items()):
        if spoken := _with_final_e(word, entry, merged):
            merged[word] = Entry(spoken, entry.source)
    return merged


def replaced(layers: Sequence[Layer], merged: Mapping[str, Entry]) -> Iterator[Note]:
    """Rows for the report: doubtful pronunciations that other sounds of another layer replaced."""
    for layer in layers:
        for word in sorted(layer.doubtful & merged.keys()):
            before, entry = layer.words[word], merged[word]
            if marks(before)[0] != marks(entry.phonemes)[0]:
                yield Note(word, layer.name, f"other sounds: from {entry.source}", before, entry.phonemes)


def on_better_stem(word: str, layer: Mapping[str, str], better: Mapping[str, str]) -> str | None:
    """A word that only a doubtful layer has: the stem of a better layer with the ending of the doubtful one, or None.

    `better` maps words to phonemes. Example: diplomen from diplom and diplomen of LOD 2021 and diplom of MFA.
    """
    for ending in _INFLECTED:
        stem = word.removesuffix(ending)
        if len(word) > len(stem) >= _SHORTEST_STEM and stem in layer and stem in better:
            old, theirs, ours = layer[stem], layer[word], better[stem]
            kept = sum(
                1
                for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, theirs, strict=False))
            )
            changed = old[kept:]  # the end of the stem that the ending changes: the s of Haus in Haiser
            whole = (
                theirs[kept : kept + 1] not in "ː\u0303"
            )  # a vowel must not lose its length or its nasality
            if len(changed) <= 1 and ours[-1:] == old[-1:] and whole:
                return ours.removesuffix(changed) + theirs[kept:]
    return None


def _with_stress(word: str, entry: Entry, sure: Mapping[str, str], doubted: Entry | None) -> Entry:
    """An entry with stress: its own if sure, else that of a related form, of the program in LOD, or of the rule."""
    if entry.source in BY_HAND or (sure.get(word) == entry.phonemes and word not in WEAK):
        return entry
    plain = marks(entry.phonemes)[0]
    if word in WEAK:
        return Entry(plain, entry.source)
    same = doubted is not None and marks(doubted.phonemes)[0] == plain
    source = doubted.source if doubted and same else entry.source  # MFA agrees with LOD
    for relative in (sure[other] for other in _relatives(word) if other in sure):
        if (place := _same_place(relative, plain)) is not None:
            return Entry(f"{plain[:place]}ˈ{plain[place:]}", source)
    if doubted and "ˈ" in doubted.phonemes and not _on_schwa(word, doubted.phonemes):
        if same:
            return doubted
        if (place := _same_place(doubted.phonemes, plain)) is not None:
            return Entry(f"{plain[:place]}ˈ{plain[place:]}", source)
    return Entry(stress(word, plain), source)


def _with_final_e(word: str, entry: Entry, merged: Mapping[str, Entry]) -> str:
    """A word in -e that the lexica read as its stem (Minutte minˈut): with the ə of Minutten; "" if it has no ə.

    The e is left by the n-rule if the word without it sounds the same (Minutt); French words have no such stem
    (Garage, Police).
    """
    if entry.source in BY_HAND or not _CONSONANT_E.search(word) or entry.phonemes.endswith("ə"):
        return ""
    stem, full = merged.get(word[:-1]), merged.get(word + "n")
    if stem is None or marks(stem.phonemes)[0] != marks(entry.phonemes)[0]:
        return ""
    if (
        full
        and full.phonemes.endswith("ən")
        and _consonants(full.phonemes[:-2]) == _consonants(entry.phonemes)
    ):
        return full.phonemes[:-1]
    return with_e(word, entry.phonemes)


def with_e(word: str, phonemes: str) -> str:
    """The phonemes of a word in consonant and -e, from those of its stem."""
    before, last = phonemes[:-1], phonemes[-1]
    return (
        before
        + ("ʁ" if last == "ɐ" else _VOICED.get(word[-2], last) if _SINGLE_E.search(word) else last)
        + "ə"
    )


def _consonants(phonemes: str) -> str:
    """The consonants of a word, all voiceless: lexica differ in vowels, but other consonants are another word."""
    return "".join(sound for sound in phonemes if sound not in VOWEL + "ːˈˌ\u0303").translate(_VOICELESS)


def _relatives(word: str) -> Iterator[str]:
    """Possible other forms of a word, the most similar first."""
    if _DERIVED.search(word):
        return
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= _SHORTEST_STEM and (not ending or stem != word):
            yield from (stem + other for other in _ENDINGS if not _DERIVED.search(stem + other))


def _same_place(marked: str, plain: str) -> int | None:
    """The place of ˈ in `plain`: the vowel with the number of the stressed one of `marked`, if the two are alike."""
    start = marks(marked.partition("ˈ")[0])[0]
    number = len(list(NUCLEUS.finditer(start)))
    theirs = list(NUCLEUS.finditer(marks(marked)[0]))
    ours = list(NUCLEUS.finditer(plain))
    if number >= min(len(theirs), len(ours)) or theirs[number].start() != len(start):
        return None
    same = _quality(theirs[number].group()) == _quality(ours[number].group())
    return ours[number].start() if same else None


def _on_schwa(word: str, phonemes: str) -> bool:
    """Whether the stress is impossible: on a reduced vowel not spelled ë, unless it is the first (Telefon)."""
    before, _, rest = phonemes.partition("ˈ")
    stressed = NUCLEUS.match(rest)
    reduced = stressed is not None and stressed.group() in ("ə", "ɐ") and "ë" not in word
    return reduced and (NUCLEUS.search(before) is not None or word.startswith("ge"))


def _quality(vowel: str) -> str:
    return vowel.rstrip("ː")
