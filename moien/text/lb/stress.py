"""The stress of words, and the words without stress.

Convention: ˈ and ˌ are directly before the vowel, not before the syllable. Kokoro was trained on phonemes of misaki,
and in misaki's `us_gold.json` each of the 90,773 ˈ and 44,971 ˌ is before a vowel (kˈɑnt). Of its 90,940 plain entries
90,749 have a ˈ, and 41,458 also a ˌ, mostly compounds (fˈʊtbˌɔl, with no syllable between). 123 have no mark, and the
most frequent words are among them: the, and, of, to, in, for, with, he, was. Other function words have a ˌ (but, on,
when, not), those of two syllables a ˈ (over, into). So the words of `WEAK` have no mark, and longer prepositions keep
their ˈ.

Rule for words that no dictionary marks: each vowel has a score, the sum of small weights of its features: the vowel and
its neighbours, the long and short vowels around it, the start and the end of the spelling. The highest score gets ˈ.
`tools/train_stress.py` learns the weights from the marks of LOD official, and prints their accuracy on held-out words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from moien.errors import WrongData

WEIGHTS = Path(__file__).with_name("stress.tsv")
VOWEL = "iyeøɛæaɑɔoœəuɐɜɪʊ"
NUCLEUS = re.compile(rf"æːɪ|æːʊ|ɜɪ|əʊ|ɑɪ|ɑʊ|oɪ|ɔɪ|iə|uə|[{VOWEL}]\u0303?ː?")

# Without stress in a sentence, by class, each with its forms by the n-rule.
_WEAK = {
    "articles": "de den dem der d' e en em eng engem engen enger",
    "pronouns": "ech du et er s t hatt hien hie him hir si se sech mir mer dir di der mech dech iech ier eis dat wat "
    "dee deen déi mäi mäin meng mengem menger däi däin deng dengem denger säi säin seng senge sengem senger hire hiren",
    "prepositions": "a an am ab aus bei beim bis fir mat mam no nom op un u um vu vun vum ze zu zum zur ëm",
    "conjunctions": "an a ass als as dass datt da well wann wa ob oder mä wéi wou sou",
    "auxiliaries": "ass as sinn si sidd war waren huet hunn hu hutt hat gëtt gouf net",
}
WEAK = frozenset(" ".join(_WEAK.values()).split())
# At the end of a phrase these are particles of verbs (hien hält un), which are stressed, as in German.
PARTICLES = frozenset("an aus bei mat no op un vun ëm".split())

_SHAPES = {"ə": "r", "ɐ": "r"}  # reduced; others are long (L), nasal (n), diphthongs (D) or short (s)


def stress(word: str, phonemes: str) -> str:
    """The phonemes of a word with ˈ before its stressed vowel; the case of the spelling does not matter.

    Phonemes that have a ˈ already, or no vowel, are returned unchanged.
    """
    if "ˈ" in phonemes:
        return phonemes
    nuclei = list(NUCLEUS.finditer(phonemes))
    if not nuclei:
        return phonemes
    at = nuclei[_best(word.lower(), phonemes, nuclei)].start()
    return f"{phonemes[:at]}ˈ{phonemes[at:]}"


def compound(parts: Sequence[str]) -> str:
    """The phonemes of a compound: the first ˈ stays, later ones become ˌ."""
    head, mark, rest = "".join(parts).partition("ˈ")
    return head + mark + rest.replace("ˈ", "ˌ")


def features(word: str, phonemes: str, nuclei: Sequence[re.Match[str]]) -> Iterator[list[str]]:
    """The features of each vowel for and against stress; `word` in lower case, `phonemes` without ˈ."""
    word = word.partition("'")[2] or word  # a clitic does not change the stress
    shapes = "".join(_shape(vowel.group()) for vowel in nuclei)
    for i, match in enumerate(nuclei):
        vowel, before, after = match.group(), phonemes[: match.start()], phonemes[match.end() :]
        first, last = (
            min(i, 4),
            min(len(nuclei) - i, 5),
        )  # the place of the vowel from the start and from the end
        coda = after[: nuclei[i + 1].start() - match.end()] if i + 1 < len(nuclei) else after
        found = [
            f"first {vowel} {first}",
            f"last {vowel} {last}",
            f"coda {vowel} {coda}",
            f"around {before[-1:]} {vowel} {coda[:1]}",
            f"shapes {shapes[max(0, i - 2) : i]}|{shapes[i : i + 3]}",
            f"start {first} {shapes[:4]}",
            f"end {last} {shapes[-4:]}",
            f"from {vowel}{after[:1]}",
            f"from {vowel}{after[:2]}",
            f"from {vowel}{after[:4]}",
            f"to {before[-2:]}",
            f"to {before[-3:]}",
            f"to {before[-4:]}",
            f"ends {word[-2:]} {last}",
            f"ends {word[-3:]} {last}",
            f"ends {word[-4:]} {last}",
            f"ends {word[-5:]} {last}",
            f"begins {word[:1]} {first}",
            f"begins {word[:2]} {first}",
            f"begins {word[:3]} {first}",
            f"begins {word[:4]} {first}",
            f"begins {word[:5]} {first}",
        ]
        if len(after) < 9:
            found.append(f"tail {vowel}{after}")
        if i < 3:
            found.append(f"head {before}")
        yield found


def _best(word: str, phonemes: str, nuclei: Sequence[re.Match[str]]) -> int:
    if len(nuclei) == 1:
        return 0
    if len(nuclei) > 20:  # no word: the features of 1 MB of letters would take long and match no weight
        return next((i for i, vowel in enumerate(nuclei) if _shape(vowel.group()) != "r"), 0)
    weights = _weights()
    scores = [sum(filter(None, map(weights.get, found))) for found in features(word, phonemes, nuclei)]
    return scores.index(max(scores))


def _shape(vowel: str) -> str:
    if "\u0303" in vowel:
        return "n"
    return _SHAPES.get(vowel) or ("L" if "ː" in vowel else "D" if len(vowel) > 1 else "s")


@functools.cache
def _weights() -> Mapping[str, int]:
    try:
        rows = [line.split("\t") for line in WEIGHTS.read_text(encoding="utf-8").splitlines()]
        return {name: int(weight) for name, weight in rows}
    except (OSError, ValueError) as error:
        raise WrongData(
            f"not the weights of the stress rule ({error})", where=WEIGHTS, remedy="install again"
        ) from None
