"""Sentence phonology: what words do to each other when they are spoken one after the other.

The rules stand in `RULES` in the order of their use; each has a switch of its name in `PhonologySettings`:

1. `stress` comes first: the rules after it must know which words are weak.
2. `weak_forms`, because a weak form may end in another sound than the full one.
3. `final_devoicing`, `r_vocalisation`, `r_fricative` put the single words right: only then it is certain which sounds
   meet. Devoicing is before r, because a final fricative of g (Dag) must not be taken for r.
4. `clitics`: d' asks for the first sound of its word.
5. `linking` voices what stands before a vowel, so it must follow devoicing, which it takes back.
6. `pauses` touches no word.

Sources: Gilles & Trouvain, "Luxembourgish", JIPA 43 (2013), 67-74 (here GT); LOD's and MFA's transcriptions.

Words keep their number, and a consonant that is linked stays in its word, before the space: zəʒ ˈeːns, not
zə ʒˈeːns or zəʒˈeːns. A space is a token of Kokoro with a duration; in the English of its training the spaces stand
between the written words also where a consonant is linked (fˈInd ˈWt), so the base knows consonant, space, vowel as one
flow. Words keep their own phonemes for alignment and timestamps, and `ech` does not become a lone ə.

No mark is added to a text that ends without one: the texts of a corpus are read as they are, and a full stop would
promise a fall of the voice that the speaker may not have made.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence

from moien.config import PhonologySettings
from moien.errors import WrongData
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.text.lb.stress import NUCLEUS, PARTICLES, VOWEL, WEAK, stress
from moien.text.phonemes import Word

Pieces = list[Word | str]

_MARKS = PAUSE_SYMBOLS - {" "}
_STRENGTH = ",—:;.…!?"  # of pauses, the weakest first; quotation marks and brackets say something else
_VOICELESS, _VOICED = "ptkfsʃʦʧɕχ", "bdɡvzʒʣʤʒʁ"
_VOICE = str.maketrans(_VOICELESS, _VOICED)
_DEVOICE = str.maketrans("bdɡvzʒʣʤ", "ptkfsʃʦʧ")
_VOWEL_FIRST = re.compile(rf"[ˈˌ]?[{VOWEL}]")
_VOWEL_LETTERS = "aeiouyäëéöüèêàôûâî"
_CODA = rf"(?![ˈˌ]?[{VOWEL}jwɥ])"  # nothing after it that it could begin a syllable with
# GT: r → ɐ after long close and mid vowels; LOD also after the diphthongs that end in ɪ and ʊ (véier fɜɪɐ).
_VOCALISED = re.compile(rf"(?<=[iyueøoɛœ]ː)ʁ{_CODA}|(?<=[ɪʊ])ʁ{_CODA}|əʁ{_CODA}")
# GT: after short vowels a fricative with the voice of the next consonant (Nordwand noχtvɑnt), so too after aː where
# it is kept. It is dropped in some words (Aarbecht aːbəɕt) and kept in most (LOD: 193 of 325): no rule says where.
_HARDENED = re.compile(rf"(?:(?<=aː)|(?<=[iyeæɑɔoœua]))ʁ(?=[{_VOICELESS}])")
_LEXICA = frozenset("correction lod mfa lod2021 lexicon".split())
# Word: the full forms of the lexica → the form without stress. MFA's probabilities, full to weak: si .62 : .99,
# du .26, zu .15, wou .37 (and vuː .20); sech in LOD 2021 and GT's text, ech and et in LOD official (2021 has them as
# said alone). Not wéi (.99 : .95), mir, fir, déi (.64 + .64 with length): there the full form is as frequent or more.
_WEAK_FORMS = {
    "sech": (("zæɕ", "zeɕ"), "zəɕ"),
    "ech": (("eɕ", "æɕ"), "əɕ"),
    "et": (("eːt", "æt"), "ət"),
    "si": (("ziː",), "zi"),
    "du": (("duː",), "du"),
    "zu": (("ʦuː",), "ʦu"),
    "wou": (("vəʊ", "vuː"), "vu"),
}


def apply(pieces: Sequence[Word | str], rules: PhonologySettings | None = None) -> Pieces:
    """Words and pause marks (Kokoro's symbols) as they are spoken in a row; every rule of `rules` that is on.

    Words keep their number, order and all but their phonemes. WrongData for a symbol that Kokoro does not have.
    """
    rules = rules or PhonologySettings()  # type: ignore[call-arg]
    _check(pieces)
    said = list(pieces)
    for name, rule in RULES.items():
        if getattr(rules, name):
            said = rule(said)
    return said


def _stress(pieces: Pieces) -> Pieces:
    """GT: content words have one main stress, clitics none. A phrase of weak words alone stresses the last full one."""
    said = list(pieces)
    for phrase in _phrases(pieces):
        for i in phrase:
            word = _word(pieces, i)
            key = word.text.lower()
            particle = key in PARTICLES and len(phrase) > 1 and i == phrase[-1]
            if key in WEAK and not particle and not _is_spelt(word):
                said[i] = _respelt(word, word.phonemes.replace("ˈ", "").replace("ˌ", ""))
            elif word.source != "correction":  # who writes a correction without a mark wants none
                said[i] = _respelt(word, stress(key, word.phonemes))
        if (loudest := _loudest(said, phrase)) is not None:
            given, bare = _word(pieces, loudest), _word(said, loudest)
            said[loudest] = (
                given if "ˈ" in given.phonemes else _respelt(bare, stress(bare.text, bare.phonemes))
            )
    return said


def _loudest(pieces: Pieces, phrase: range) -> int | None:
    """`Wat ass dat?` has no content word: the place of the word to stress; None if one is stressed or none can be."""
    words = [_word(pieces, i) for i in phrase]
    if not any("ˈ" in word.phonemes for word in words):
        for vowels in (f"[{VOWEL.replace('ə', '').replace('ɐ', '')}]", f"[{VOWEL}]"):
            for i, word in zip(reversed(phrase), reversed(words), strict=True):
                if re.search(vowels, word.phonemes):
                    return i
    return None


def _weak_forms(pieces: Pieces) -> Pieces:
    """Before a word; before a pause, and under stress, the full form stays."""
    said = list(pieces)
    for phrase in _phrases(pieces):
        for i in phrase[:-1]:
            word = _word(pieces, i)
            full, weak = _WEAK_FORMS.get(word.text.lower(), ((), ""))
            if word.phonemes in full:
                said[i] = _respelt(word, weak)
    return said


def _final_devoicing(pieces: Pieces) -> Pieces:
    """GT: at the end of a word all obstruents are voiceless. A clitic without a vowel is no word of its own."""
    return _each(pieces, lambda word: _devoiced(word) if NUCLEUS.search(word.phonemes) else word.phonemes)


def _devoiced(word: Word) -> str:
    before, cluster = _split_end(word.phonemes)
    letters = _last_letters(word)
    if "g" in letters or "ch" in letters:  # the fricatives of Dag and of -eg; ʒ of Garage becomes ʃ
        cluster = cluster.replace("ʒ", "ɕ")
    if _is_fricative(letters):
        cluster = cluster.replace("ʁ", "χ")
    r = cluster.rfind("ʁ") + 1  # what stands before an r is not at the end
    return before + cluster[:r] + cluster[r:].translate(_DEVOICE)


def _split_end(phonemes: str, symbols: str = _VOICELESS + _VOICED) -> tuple[str, str]:
    """A word without the obstruents (and r) at its end, and those; not a regex, which would take quadratic time."""
    before = phonemes.rstrip(symbols)
    return before, phonemes[len(before) :]


def _last_letters(word: Word) -> str:
    """What is written after the last vowel."""
    text = word.text.lower()
    return text[max(map(text.rfind, _VOWEL_LETTERS)) + 1 :]


def _is_fricative(letters: str) -> bool:
    """Whether ʁ at the end of a word is the sound of g or ch (Dag): Kokoro writes r with the same symbol."""
    return "r" not in letters and ("g" in letters or "ch" in letters)


def _r_vocalisation(pieces: Pieces) -> Pieces:
    """GT: r without a vowel after it in its own word; what the next word begins with does not matter."""
    return _each(pieces, lambda word: word.phonemes if word.source in _LEXICA else _vocalised(word))


def _vocalised(word: Word) -> str:
    before, end = _split_end(word.phonemes) if _is_fricative(_last_letters(word)) else (word.phonemes, "")
    return _VOCALISED.sub("ɐ", before) + end


def _r_fricative(pieces: Pieces) -> Pieces:
    """GT: [χ] before a voiceless consonant, [ʁ] before a voiced one."""
    return _each(pieces, lambda word: _HARDENED.sub("χ", word.phonemes))


def _clitics(pieces: Pieces) -> Pieces:
    """GT: d'Land dlɑnt, d'Kräiz tkʁæːɪʦ; s' (s'ass) likewise. Joined to its word or a word of its own."""
    said = list(pieces)
    for phrase in _phrases(pieces):
        for i in phrase:
            word = _word(pieces, i)
            match = re.match(r"([ds])(?:'|$)", word.text.lower())
            if not match or word.phonemes[:1] not in {"d": ("d", "t"), "s": ("z", "s")}[match[1]]:
                continue
            rest = word.phonemes[1:]
            follows = rest or (_word(pieces, i + 1).phonemes if i + 1 in phrase else "")
            if follows:
                hard = follows.lstrip("ˈˌ")[:1] in _VOICELESS + "h"
                first = {"d": "dt", "s": "zs"}[match[1]][hard]
                said[i] = _respelt(word, first + rest)
    return said


def _linking(pieces: Pieces) -> Pieces:
    """GT: sech eens zəʒ ˈeːns, interessant Iddi -ɑnd ˈidi, Kampf opginn -mbv ˈo-: stops, affricates and fricatives,
    and the whole cluster, as LOD writes it inside compounds (Drecksaarbecht -ɡz-, Aarbechtserlabnis -ʒʣ-). Not the
    names of letters: they are said one by one.
    """
    said = list(pieces)
    for phrase in _phrases(pieces):
        for i in phrase[:-1]:
            word = _word(pieces, i)
            if _VOWEL_FIRST.match(_word(pieces, i + 1).phonemes) and not _is_spelt(word):
                before, end = _split_end(word.phonemes, _VOICELESS)
                said[i] = _respelt(word, before + end.translate(_VOICE))
    return said


def _pauses(pieces: Pieces) -> Pieces:
    """Between two words at most one of , — : ; . … ! ? stays, the strongest; quotation marks and brackets all do."""
    said: Pieces = []
    at = -1  # where the pause of this gap stands in `said`
    for piece in pieces:
        if isinstance(piece, str) and piece in _STRENGTH:
            if at >= 0:
                said[at] = max(str(said[at]), piece, key=_STRENGTH.index)
                continue
            at = len(said)
        elif isinstance(piece, Word):
            at = -1
        said.append(piece)
    return said


RULES: dict[str, Callable[[Pieces], Pieces]] = {
    "stress": _stress,
    "weak_forms": _weak_forms,
    "final_devoicing": _final_devoicing,
    "r_vocalisation": _r_vocalisation,
    "r_fricative": _r_fricative,
    "clitics": _clitics,
    "linking": _linking,
    "pauses": _pauses,
}


def _each(pieces: Pieces, change: Callable[[Word], str]) -> Pieces:
    return [_respelt(piece, change(piece)) if isinstance(piece, Word) else piece for piece in pieces]


def _respelt(word: Word, phonemes: str) -> Word:
    return word if phonemes == word.phonemes else dataclasses.replace(word, phonemes=phonemes)


def _is_spelt(word: Word) -> bool:
    return "letters" in (word.rule, word.source)


def _word(pieces: Pieces, index: int) -> Word:
    word = pieces[index]
    assert isinstance(word, Word)
    return word


def _phrases(pieces: Pieces) -> Iterator[range]:
    """The places of words that no mark parts: quotation marks and brackets are short pauses as well."""
    start = 0
    for i in range(len(pieces) + 1):
        if i == len(pieces) or isinstance(pieces[i], str):
            if i > start:
                yield range(start, i)
            start = i + 1


def _check(pieces: Sequence[Word | str]) -> None:
    for piece in pieces:
        known = VOCAB.keys() if isinstance(piece, Word) else _MARKS
        symbols = piece.phonemes if isinstance(piece, Word) else [piece]
        if unknown := [symbol for symbol in symbols if symbol not in known]:
            kind = "Kokoro's symbols" if isinstance(piece, Word) else "its pause marks"
            raise WrongData(f"{unknown[0]!r} is not one of {kind}", where=repr(piece))
