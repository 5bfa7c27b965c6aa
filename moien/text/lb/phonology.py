"""Sentence phonology: what words do to each other when they are spoken one after the other.

The rules stand in `RULES` in the order of their use; each has a switch of its name in `Switches`:

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

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from moien.errors import WrongData
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.text.lb.stress import NUCLEUS, PARTICLES, VOWEL, WEAK, stress
from moien.text.phonemes import Word

Pieces = list[Word | str]

_SYMBOLS = frozenset(VOCAB)
_MARKS = PAUSE_SYMBOLS - {" "}
_STRENGTH = ",—:;.…!?"  # of pauses, the weakest first; quotation marks and brackets say something else
_VOICELESS, _VOICED = "ptkfsʃʦʧɕχ", "bdɡvzʒʣʤʒʁ"
_VOICE = str.maketrans(_VOICELESS, _VOICED)
_DEVOICE = str.maketrans("bdɡvzʒʣʤ", "ptkfsʃʦʧ")
_FULL_VOWELS = frozenset(VOWEL) - {"ə", "ɐ"}
_VOWEL_FIRST = re.compile(rf"[ˈˌ]?[{VOWEL}]")
_VOWEL_LETTERS = "aeiouyäëéöüèêàôûâî"
_CLITICS = {"d": "dt", "d'": "dt", "s": "zs", "s'": "zs"}  # voiced and voiceless
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


@dataclass(frozen=True)
class Switches:
    """Which rules apply, in the order of their use; all, because a voice learns best from what was spoken.

    A saved front end keeps its switches. Switching one off shows what the rule does.
    """

    stress: bool = (
        True  # on content words, not on articles, pronouns and the like: Kokoro's English is written so
    )
    weak_forms: bool = True  # in the recordings of MFA more frequent than the full form of a lexicon
    final_devoicing: bool = True  # the lexica write it, words put together from parts may lack it
    r_vocalisation: bool = True  # in words of no lexicon: the lexica write it
    r_fricative: bool = True  # LOD writes r, MFA either: one sound should have one symbol
    clitics: bool = True  # d' and s' take the voicing of the next sound: dlɑnt, tkʁæːɪʦ
    linking: bool = True  # obstruents at the end of a word are voiced before a vowel: sech eens zəʒ ˈeːns
    pauses: bool = True  # of several marks in a row the strongest stays: the base has seen only one


def apply(pieces: Sequence[Word | str], rules: Switches | None = None) -> Pieces:
    """Words and pause marks (Kokoro's symbols) as they are spoken in a row; every rule of `rules` that is on.

    Words keep their number, order and all but their phonemes. WrongData for a symbol that Kokoro does not have.
    """
    rules = rules or Switches()
    _check(pieces)
    said = [_Said(piece) if isinstance(piece, Word) else piece for piece in pieces]
    phrases = list(_phrases(said))
    for name, rule in RULES.items():
        if getattr(rules, name):
            for phrase in phrases:
                rule(phrase)
    done = [piece if isinstance(piece, str) else piece.result() for piece in said]
    return _strongest_pauses(done) if rules.pauses else done


class _Said:
    """A word whose phonemes are being changed."""

    __slots__ = ("key", "phonemes", "spelt", "word")

    def __init__(self, word: Word) -> None:
        self.word, self.phonemes, self.key = word, word.phonemes, word.text.lower()
        self.spelt = "letters" in (word.rule, word.source)

    def result(self) -> Word:
        same = self.phonemes == self.word.phonemes
        return self.word if same else self.word._replace(phonemes=self.phonemes)


def _phrases(pieces: Sequence[_Said | str]) -> Iterator[list[_Said]]:
    """Words that no mark parts: quotation marks and brackets are short pauses as well."""
    for is_mark, group in itertools.groupby(pieces, lambda piece: isinstance(piece, str)):
        if not is_mark:
            yield [word for word in group if isinstance(word, _Said)]


def _stress(phrase: list[_Said]) -> None:
    """GT: content words have one main stress, clitics none. A phrase of weak words alone stresses the last full one."""
    given = [word.phonemes for word in phrase]
    for word in phrase:
        particle = word.key in PARTICLES and word is phrase[-1] and len(phrase) > 1
        if word.key in WEAK and not particle and not word.spelt:
            word.phonemes = word.phonemes.replace("ˈ", "").replace("ˌ", "")
        elif word.word.source != "correction":  # who writes a correction without a mark wants none
            word.phonemes = stress(word.key, word.phonemes)
    if (loudest := _loudest(phrase)) is not None:
        word, before = phrase[loudest], given[loudest]
        word.phonemes = before if "ˈ" in before else stress(word.key, word.phonemes)


def _loudest(phrase: list[_Said]) -> int | None:
    """`Wat ass dat?` has no content word: the place of the word to stress; None if one is stressed or none can be."""
    if not any("ˈ" in word.phonemes for word in phrase):
        for vowels in (_FULL_VOWELS, frozenset(VOWEL)):
            for i, word in reversed(list(enumerate(phrase))):
                if not vowels.isdisjoint(word.phonemes):
                    return i
    return None


def _weak_forms(phrase: list[_Said]) -> None:
    """Before a word; before a pause, and under stress, the full form stays."""
    for word in phrase[:-1]:
        full, weak = _WEAK_FORMS.get(word.key, ((), ""))
        if word.phonemes in full:
            word.phonemes = weak


def _final_devoicing(phrase: list[_Said]) -> None:
    """GT: at the end of a word all obstruents are voiceless. A clitic without a vowel is no word of its own."""
    for word in phrase:
        before, cluster = _split_end(word.phonemes)
        if not cluster or not NUCLEUS.search(before):
            continue
        letters = _last_letters(word.key)
        if "g" in letters or "ch" in letters:  # the fricatives of Dag and of -eg; ʒ of Garage becomes ʃ
            cluster = cluster.replace("ʒ", "ɕ")
        if _is_fricative(letters):
            cluster = cluster.replace("ʁ", "χ")
        r = cluster.rfind("ʁ") + 1  # what stands before an r is not at the end
        word.phonemes = before + cluster[:r] + cluster[r:].translate(_DEVOICE)


def _split_end(phonemes: str, symbols: str = _VOICELESS + _VOICED) -> tuple[str, str]:
    """A word without the obstruents (and r) at its end, and those; not a regex, which would take quadratic time."""
    before = phonemes.rstrip(symbols)
    return before, phonemes[len(before) :]


def _last_letters(text: str) -> str:
    """What is written after the last vowel."""
    return text[max(map(text.rfind, _VOWEL_LETTERS)) + 1 :]


def _is_fricative(letters: str) -> bool:
    """Whether ʁ at the end of a word is the sound of g or ch (Dag): Kokoro writes r with the same symbol."""
    return "r" not in letters and ("g" in letters or "ch" in letters)


def _r_vocalisation(phrase: list[_Said]) -> None:
    """GT: r without a vowel after it in its own word; what the next word begins with does not matter."""
    for word in phrase:
        if "ʁ" in word.phonemes and word.word.source not in _LEXICA:
            fricative = _is_fricative(_last_letters(word.key))
            before, end = _split_end(word.phonemes) if fricative else (word.phonemes, "")
            word.phonemes = _VOCALISED.sub("ɐ", before) + end


def _r_fricative(phrase: list[_Said]) -> None:
    """GT: [χ] before a voiceless consonant, [ʁ] before a voiced one."""
    for word in phrase:
        if "ʁ" in word.phonemes:
            word.phonemes = _HARDENED.sub("χ", word.phonemes)


def _clitics(phrase: list[_Said]) -> None:
    """GT: d'Land dlɑnt, d'Kräiz tkʁæːɪʦ; s' (s'ass) likewise. Joined to its word or a word of its own."""
    for word, following in itertools.zip_longest(phrase, phrase[1:]):
        first = _CLITICS.get(word.key[:2], "")
        if first and word.phonemes[:1] in first:
            rest = word.phonemes[1:]
            follows = rest or (following.phonemes if following else "")
            if follows:
                word.phonemes = first[follows.lstrip("ˈˌ")[:1] in _VOICELESS + "h"] + rest


def _linking(phrase: list[_Said]) -> None:
    """GT: sech eens zəʒ ˈeːns, interessant Iddi -ɑnd ˈidi, Kampf opginn -mbv ˈo-: stops, affricates and fricatives,
    and the whole cluster, as LOD writes it inside compounds (Drecksaarbecht -ɡz-, Aarbechtserlabnis -ʒʣ-). Not the
    names of letters: they are said one by one.
    """
    for word, following in itertools.pairwise(phrase):
        if _VOWEL_FIRST.match(following.phonemes) and not word.spelt:
            before, end = _split_end(word.phonemes, _VOICELESS)
            word.phonemes = before + end.translate(_VOICE)


def _strongest_pauses(pieces: Pieces) -> Pieces:
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


RULES: dict[str, Callable[[list[_Said]], None]] = {
    "stress": _stress,
    "weak_forms": _weak_forms,
    "final_devoicing": _final_devoicing,
    "r_vocalisation": _r_vocalisation,
    "r_fricative": _r_fricative,
    "clitics": _clitics,
    "linking": _linking,
}


def _check(pieces: Sequence[Word | str]) -> None:
    for piece in pieces:
        if isinstance(piece, Word):
            if not _SYMBOLS.issuperset(piece.phonemes):
                unknown = " ".join(sorted(set(piece.phonemes) - _SYMBOLS))
                raise WrongData(
                    f"{unknown} in {piece.phonemes!r} is not in Kokoro's table", where=repr(piece.text)
                )
        elif piece not in _MARKS:
            raise WrongData(
                f"{piece!r} is not one of Kokoro's pause marks", where="a list of words and marks"
            )
