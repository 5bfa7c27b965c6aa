"""The layers of the lexicon: the origin of each, how it is read, and what is corrected or rejected in it.

LOD official and the dictionary of the Montreal Forced Aligner (MFA) are fetched at a fixed commit; LOD 2021 comes with
the wheel `gruut-lang-lb`. Only the corrections, written by hand, are part of this package.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moien.errors import WrongData
from moien.fetch import fetch, find
from moien.text.corrections import SOURCE, read_pronunciations
from moien.text.lb.notation import from_lod2021, from_mfa, mend
from moien.text.lb.stress import WEAK

# Written by hand, in the order of trust; a recipe's own file comes before them.
TABLES = tuple(Path(__file__).with_name(f"{name}.tsv") for name in "corrections english french names".split())
CORRECTIONS = TABLES[0]
_NAMES = dict(zip(TABLES, (SOURCE, "english", "french", "name"), strict=True))  # of their layers
BY_HAND = frozenset(_NAMES.values())
LOANS = BY_HAND - {SOURCE}  # they say nothing about the stress and the sounds of Luxembourgish words
_BY_HAND = re.compile(r"[^\Wieɛaouyøœæɑəɐɜɪʊː]\u032f?ˈ[ieɛaouyøœæɑəɜ]|iˈ\u032f")  # kˈɑnt, -siˈ̯əʊn
# words without a vowel letter (CFL, g) are spelled, by names and stress of letters
_VOWEL_LETTER = re.compile("[aeiouyäëéöüèêàâîôûïœæ]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


@dataclass(frozen=True)
class Remote:
    """A file from `MOIEN_MIRROR`, the user's cache or `url`, always checked by its sha256."""

    name: str
    file: str
    url: str
    sha256: str

    def at_hand(self) -> bool:
        """Whether `fetch` would find it without a download."""
        try:
            return find(self.sha256, self.file) is not None
        except WrongData:  # damaged
            return False

    def fetch(self, download: bool) -> Path:
        """The path of the file. WrongData if it is not there and cannot or may not be downloaded."""
        return fetch(self.name, [self.url] if download else [], self.sha256, self.file)


LOD = Remote(
    "LOD official",
    "lb_gold.json",
    "https://raw.githubusercontent.com/neiom-systems/misaki/5fbb31c2ca6396d557f330e4950c621ddf4d6b90/misaki/data/lb_gold.json",
    "91776745c57740588f9c540a0e1c8cdb7fe73048fbc0482c34d00e7bb5741dca",
)
MFA = Remote(
    "MFA dictionary",
    "luxembourgish_mfa_run6.dict",
    "https://raw.githubusercontent.com/PeterGilles/Luxembourgish_in_Montreal_Forced_Aligner/"
    "e6f81a789d5d3cc48f4e1dfdd5253a82c6cf22e2/dictionary/luxembourgish_mfa_run6.dict",
    "fc7db91a20060432a361c65b209358b3228933c4c6fb7b89e68ed7c3e77885f0",
)
REMOTES = (LOD, MFA)  # in the order of trust
LOD2021 = "gruut-lang-lb"  # the package that holds it


@dataclass(frozen=True)
class Note:
    """A row of the report: a change of a pronunciation. `after` is empty if it was rejected."""

    word: str
    layer: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Layer:
    """Word → phonemes in Kokoro's symbols, not always with stress. Words are in lower case except in corrections."""

    name: str
    words: Mapping[str, str]
    notes: tuple[Note, ...] = ()
    doubtful: frozenset[str] = frozenset()  # written by a program: other layers are right more often


def read_corrections(path: Path) -> Layer:
    """The layer of a file of corrections; its phonemes must be one word in the lexicon's notation."""
    return Layer(_NAMES.get(path, SOURCE), read_pronunciations(path, _in_notation))


def _in_notation(word: str, phonemes: str, where: str) -> None:
    if phonemes != mend(phonemes, word)[0]:
        raise WrongData(
            f"{phonemes!r} is not one word in the lexicon's notation",
            where=where,
            remedy=f"perhaps {mend(phonemes, word)[0]!r}: one ˈ, directly before its vowel",
        )


def read_lod(path: Path) -> Layer:
    """LOD official: a JSON object, word → IPA with stress on most words of two syllables and more.

    Its editors write the mark directly before the vowel. Entries with a mark before a syllable, or with none (except
    weak words), come from a program and are doubtful.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WrongData(f"not JSON ({error})", where=path) from None
    sure = {word.lower() for word, ipa in rows.items() if _BY_HAND.search(ipa)} | WEAK
    return _layer("lod", rows.items(), sure)


def read_mfa(path: Path) -> Layer:
    """MFA: lines of a word, up to four probabilities, and phones; the most probable pronunciation of each word.

    Probabilities of pronunciations that are the same in LOD's notation are added; of equal ones the first counts.
    """
    scores: dict[str, dict[str, float]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, *probabilities, phones = line.split("\t")
        try:
            probability = float(probabilities[0]) if probabilities else 1.0
        except ValueError:
            raise WrongData(f"{probabilities[0]!r} is not a probability", where=f"{path}:{number}") from None
        if phones != "spn":  # noise
            variants = scores.setdefault(word, {})
            ipa = from_mfa(phones, word)
            variants[ipa] = variants.get(ipa, 0.0) + probability
    return _layer(
        "mfa", ((word, max(variants, key=variants.__getitem__)) for word, variants in scores.items())
    )


def read_lod2021() -> Layer:
    """LOD 2021 of the installed wheel gruut-lang-lb. WrongData if it is missing or damaged."""
    spec = importlib.util.find_spec("gruut_lang_lb")
    if spec is None or not spec.submodule_search_locations:
        raise WrongData("the package gruut-lang-lb is missing", remedy="make setup")
    file = Path(spec.submodule_search_locations[0]) / "lexicon.db"
    try:
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        rows = database.execute("SELECT word, phonemes FROM word_phonemes ORDER BY word, pron_order DESC")
        words = {word: from_lod2021(phones, word) for word, phones in rows}  # the first in order wins
        database.close()
    except sqlite3.Error as error:
        raise WrongData(f"not a lexicon of gruut ({error})", where=file, remedy="make setup") from None
    return _layer("lod2021", words.items(), sure=())


def fetch_layers(download: bool) -> tuple[dict[str, Path], str]:
    """The paths of the fetched files by name, and a sentence about what is lost without the missing ones, or ""."""
    files, lost = {}, []
    for remote in REMOTES:
        try:
            files[remote.name] = remote.fetch(download)
        except WrongData:
            lost.append(remote.name)
    return files, _loss(lost)


def read_layers(
    corrections: Iterable[Path] = TABLES, files: Mapping[str, Path] | None = None
) -> tuple[list[Layer], str]:
    """All layers in the order of trust, and the sentence of `fetch_layers`; `files` are its paths, or fetched now."""
    found, lost = fetch_layers(download=True) if files is None else (files, "")
    layers = [read_corrections(path) for path in corrections]
    layers += [
        read(found[remote.name])
        for remote, read in ((LOD, read_lod), (MFA, read_mfa))
        if remote.name in found
    ]
    return [*layers, read_lod2021()], lost


def _loss(names: list[str]) -> str:
    if not names:
        return ""
    return (
        f"without {' and '.join(names)} more words are guessed and more stress is set by rule: "
        "connect once, or put the files into a folder and name it in MOIEN_MIRROR"
    )


def _layer(name: str, rows: Iterable[tuple[str, str]], sure: Collection[str] | None = None) -> Layer:
    words: dict[str, str] = {}
    notes: list[Note] = []
    for word, ipa, phonemes, what in _mended(rows):
        notes += [Note(word, name, reason, ipa, phonemes) for reason in what]
        if phonemes:
            words.setdefault(word.lower(), phonemes)
    doubtful = frozenset() if sure is None else words.keys() - sure
    return Layer(name, words, tuple(notes), frozenset(doubtful))


def _mended(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str, list[str]]]:
    for word, ipa in rows:
        if not _WORD.fullmatch(word):
            yield word, ipa, "", ["not a word of letters"]
        elif word.startswith("d'"):
            yield word, ipa, "", ["clitic d': it is looked up without"]
        elif not _VOWEL_LETTER.search(word):
            yield word, ipa, "", ["no vowel in the spelling: it is spelled"]
        else:
            yield word, ipa, *mend(ipa, word)
