"""Sentence phonology: how words change each other when they are spoken one after the other.

`RULES` has the rules in the order of their use; each has a switch of its name in `Switches`:

1. `stress` is first: the next rules must know which words are weak.
2. `weak_forms`: a weak form may end in another sound than the full one.
3. `final_devoicing`, `r_vocalisation`, `r_fricative` correct single words: only then the sounds that meet are certain.
   Devoicing is before r, because a final fricative of g (Dag) must not be taken for r.
4. `clitics`: d' depends on the first sound of its word.
5. `linking` voices obstruents before a vowel, so it must follow devoicing, which it reverses.
6. `pauses` changes no word.

Sources: Gilles & Trouvain, "Luxembourgish", JIPA 43 (2013), 67-74 (here GT); LOD's and MFA's transcriptions.

The number of words does not change, and a linked consonant stays in its word, before the space: zəʒ ˈeːns, not
zə ʒˈeːns or zəʒˈeːns. A space is a token of Kokoro with a duration. In the English of its training the spaces are
between the written words even where a consonant is linked (fˈInd ˈWt), so the base has learned to speak consonant,
space and vowel without a pause. Words keep their own phonemes for alignment and timestamps, and `ech` does not become
a lone ə.

No mark is added to a text that ends without one: the texts of a corpus are used as they are, and a full stop would
mean a falling pitch that the speaker may not have produced.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from moien.errors import WrongData
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.text.lb.layers import BY_HAND, LOANS
from moien.text.lb.stress import NUCLEUS, PARTICLES, VOWEL, WEAK, stress
from moien.text.phonemes import Word

Pieces = list[Word | str]

_SYMBOLS = frozenset(VOCAB)
_MARKS = PAUSE_SYMBOLS - {" "}
_STRENGTH = (
    ",—:;.…!?"  # of pauses, the weakest first; quotation marks and brackets are no pauses of this order
)
_VOICELESS, _VOICED = "ptkfsʃʦʧɕχ", "bdɡvzʒʣʤʒʁ"
_VOICE = str.maketrans(_VOICELESS, _VOICED)
_DEVOICE = str.maketrans("bdɡvzʒʣʤ", "ptkfsʃʦʧ")
_FULL_VOWELS = frozenset(VOWEL) - {"ə", "ɐ"}
_VOWEL_FIRST = re.compile(rf"[ˈˌ]?[{VOWEL}]")
_VOWEL_LETTERS = "aeiouyäëéöüèêàôûâî"
_CLITICS = {"d": "dt", "d'": "dt", "s": "zs", "s'": "zs"}  # voiced and voiceless
_CODA = rf"(?![ˈˌ]?[{VOWEL}jwɥ])"  # no vowel or glide follows, with which it could begin a syllable
# GT: r → ɐ after long close and mid vowels; LOD also after the diphthongs that end in ɪ and ʊ (véier fɜɪɐ).
_VOCALISED = re.compile(rf"(?<=[iyueøoɛœ]ː)ʁ{_CODA}|(?<=[ɪʊ])ʁ{_CODA}|əʁ{_CODA}")
# GT: after short vowels a fricative with the voicing of the next consonant (Nordwand noχtvɑnt); also after aː where it
# is kept. Some words drop it (Aarbecht aːbəɕt), most keep it (LOD: 193 of 325); there is no rule for which.
_HARDENED = re.compile(rf"(?:(?<=aː)|(?<=[iyeæɑɔoœua]))ʁ(?=[{_VOICELESS}])")
_RUN = "french-run"
_AS_WRITTEN = BY_HAND | {_RUN}  # the stress
_FOREIGN = LOANS | {_RUN, "foreign-fr"}  # r stays as it is written
_LEXICA = BY_HAND | _FOREIGN | frozenset("lod mfa lod2021 lexicon".split())
# Word: the full forms of the lexica → the form without stress. MFA's probabilities, full to weak: si .62 : .99,
# du .26, zu .15, wou .37 (and vuː .20); sech in LOD 2021 and in the text of GT, ech and et in LOD official (LOD 2021
# has the forms of words spoken alone). Not wéi (.99 : .95), mir, fir, déi (.64 + .64 with length): there the full form
# is as frequent or more.
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
    """Words and pause marks (Kokoro's symbols) after the rules that are on in `rules`; None: all.

    Only the phonemes of words change. WrongData for a symbol that Kokoro does not have.
    """
    rules = rules or Switches()
    _check(pieces)
    drafts = [_Draft(piece) if isinstance(piece, Word) else piece for piece in pieces]
    phrases = list(_phrases(drafts))
    for name, rule in RULES.items():
        if getattr(rules, name):
            for phrase in phrases:
                rule(phrase)
    done = [piece if isinstance(piece, str) else piece.result() for piece in drafts]
    return _strongest_pauses(done) if rules.pauses else done


class _Draft:
    """A word whose phonemes are being changed."""

    __slots__ = ("key", "phonemes", "spelled", "word")

    def __init__(self, word: Word) -> None:
        self.word, self.phonemes, self.key = word, word.phonemes, word.text.lower()
        self.spelled = "letters" in (word.rule, word.source)

    def result(self) -> Word:
        same = self.phonemes == self.word.phonemes
        return self.word if same else self.word._replace(phonemes=self.phonemes)


def _phrases(pieces: Sequence[_Draft | str]) -> Iterator[list[_Draft]]:
    """The runs of words between marks; quotation marks and brackets are short pauses, too."""
    for is_mark, group in itertools.groupby(pieces, lambda piece: isinstance(piece, str)):
        if not is_mark:
            yield [word for word in group if isinstance(word, _Draft)]


def _stress(phrase: list[_Draft]) -> None:
    """GT: content words have one main stress, clitics none. In a phrase of weak words, the last with a full vowel."""
    given = [word.phonemes for word in phrase]
    for word in phrase:
        particle = word.key in PARTICLES and word is phrase[-1] and len(phrase) > 1
        if word.key in WEAK and not particle and not word.spelled:
            word.phonemes = word.phonemes.replace("ˈ", "").replace("ˌ", "")
        elif word.word.source not in _AS_WRITTEN:  # a correction without a mark is meant so
            word.phonemes = stress(word.key, word.phonemes)
    if (loudest := _loudest(phrase)) is not None:
        word, before = phrase[loudest], given[loudest]
        word.phonemes = before if "ˈ" in before else stress(word.key, word.phonemes)


def _loudest(phrase: list[_Draft]) -> int | None:
    """The word to stress in a phrase without stress (`Wat ass dat?`); None if there is stress or no vowel."""
    if not any("ˈ" in word.phonemes for word in phrase):
        for vowels in (_FULL_VOWELS, frozenset(VOWEL)):
            for i, word in reversed(list(enumerate(phrase))):
                if not vowels.isdisjoint(word.phonemes):
                    return i
    return None


def _weak_forms(phrase: list[_Draft]) -> None:
    """A weak form needs a next word: before a pause and with stress the full form stays."""
    for word in phrase[:-1]:
        full, weak = _WEAK_FORMS.get(word.key, ((), ""))
        if word.phonemes in full:
            word.phonemes = weak


def _final_devoicing(phrase: list[_Draft]) -> None:
    """GT: at the end of a word all obstruents are voiceless. A clitic without a vowel is not a word by itself."""
    for word in phrase:
        before, cluster = _split_end(word.phonemes)
        if not cluster or not NUCLEUS.search(before):
            continue
        letters = _last_letters(word.key)
        if "g" in letters or "ch" in letters:  # the fricatives of Dag and of -eg; ʒ of Garage becomes ʃ
            cluster = cluster.replace("ʒ", "ɕ")
        if _is_fricative(letters):
            cluster = cluster.replace("ʁ", "χ")
        r = cluster.rfind("ʁ") + 1  # sounds before an r are not final
        word.phonemes = before + cluster[:r] + cluster[r:].translate(_DEVOICE)


def _split_end(phonemes: str, symbols: str = _VOICELESS + _VOICED) -> tuple[str, str]:
    """A word without its final obstruents (and r), and these; not by a regex, which would take quadratic time."""
    before = phonemes.rstrip(symbols)
    return before, phonemes[len(before) :]


def _last_letters(text: str) -> str:
    """The letters after the last vowel."""
    return text[max(map(text.rfind, _VOWEL_LETTERS)) + 1 :]


def _is_fricative(letters: str) -> bool:
    """Whether a final ʁ is the sound of g or ch (Dag): Kokoro has the same symbol for r."""
    return "r" not in letters and ("g" in letters or "ch" in letters)


def _r_vocalisation(phrase: list[_Draft]) -> None:
    """GT: r becomes ɐ if no vowel follows in its own word; the next word does not matter."""
    for word in phrase:
        if "ʁ" in word.phonemes and word.word.source not in _LEXICA:
            fricative = _is_fricative(_last_letters(word.key))
            before, end = _split_end(word.phonemes) if fricative else (word.phonemes, "")
            word.phonemes = _VOCALISED.sub("ɐ", before) + end


def _r_fricative(phrase: list[_Draft]) -> None:
    """GT: [χ] before a voiceless consonant, [ʁ] before a voiced one."""
    for word in phrase:
        if "ʁ" in word.phonemes and word.word.source not in _FOREIGN:
            word.phonemes = _HARDENED.sub("χ", word.phonemes)


def _clitics(phrase: list[_Draft]) -> None:
    """GT: d'Land dlɑnt, d'Kräiz tkʁæːɪʦ; s' (s'ass) likewise, whether joined to its word or a separate word."""
    for word, following in itertools.zip_longest(phrase, phrase[1:]):
        first = _CLITICS.get(word.key[:2], "")
        if first and word.phonemes[:1] in first:
            rest = word.phonemes[1:]
            follows = rest or (following.phonemes if following else "")
            if follows:
                word.phonemes = first[follows.lstrip("ˈˌ")[:1] in _VOICELESS + "h"] + rest


def _linking(phrase: list[_Draft]) -> None:
    """GT: sech eens zəʒ ˈeːns, interessant Iddi -ɑnd ˈidi, Kampf opginn -mbv ˈo-: stops, affricates and fricatives,
    and the whole cluster, as LOD writes it inside compounds (Drecksaarbecht -ɡz-, Aarbechtserlabnis -ʒʣ-). Not the
    names of letters, which are spoken one by one.
    """
    for word, following in itertools.pairwise(phrase):
        if _VOWEL_FIRST.match(following.phonemes) and not word.spelled and word.word.source != _RUN:
            before, end = _split_end(word.phonemes, _VOICELESS)
            word.phonemes = before + end.translate(_VOICE)


def _strongest_pauses(pieces: Pieces) -> Pieces:
    """Between two words only the strongest of , — : ; . … ! ? stays; quotation marks and brackets all stay."""
    kept: Pieces = []
    at = -1  # the place in `kept` of the pause between these two words
    for piece in pieces:
        if isinstance(piece, str) and piece in _STRENGTH:
            if at >= 0:
                kept[at] = max(str(kept[at]), piece, key=_STRENGTH.index)
                continue
            at = len(kept)
        elif isinstance(piece, Word):
            at = -1
        kept.append(piece)
    return kept


RULES: dict[str, Callable[[list[_Draft]], None]] = {
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
