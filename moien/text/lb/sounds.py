"""Sounds of Luxembourgish in Kokoro's symbols, and where the stress goes.

Kokoro's table lacks ʀ, ʑ and the small marks; the rest is there (facts: phonology in Gilles & Trouvain 2013).
"""

from __future__ import annotations

import re
import unicodedata

from moien.text.espeak import to_kokoro

_LUXEMBOURGISH = {"ʀ": "ʁ", "ʑ": "ʒ", "ts": "ʦ", "dz": "ʣ", "tʃ": "ʧ", "dʒ": "ʤ", "g": "ɡ", "i\u032f": "j"}
# espeak-ng's voice lb writes a retroflex ɳ where it means ŋ, and one symbol for two letters with a tie or without.
_ESPEAK = _LUXEMBOURGISH | {"ɳ": "ŋ", "X": "χ", "t^s": "ʦ", "d^z": "ʣ", "t^ʃ": "ʧ", "d^ʒ": "ʤ", "c": "k"}

_VOWEL = "iyeøɛæaɑɔoœəuɐɜɪʊ"
_DIPHTHONGS = "æːɪ|æːʊ|ɜɪ|əʊ|ɑɪ|ɑʊ|oɪ|iə|uə"
_NUCLEUS = re.compile(rf"{_DIPHTHONGS}|[iyeøɛæaɑɔoœəuɐ]\u0303?ː?")
_REDUCED = frozenset("əɐ")
_DEVOICED = dict(zip("bdɡvzʒ", "ptkfsʃ", strict=True))
_CORRECTIONS = tuple(
    (re.compile(pattern), right)
    for pattern, right in (
        ("^kh", "ʃ"), ("(?<=[ɑoəʊu])kh|(?<=[aou]ː)kh", "χ"), ("kh", "ɕ"), ("th", "t"),  # ch, th letter by letter
        (rf"(?<=[^{_VOWEL}ːˈˌ])eː(?=[nl]$)", "ə"),  # -en, -el, where no ˈ stands before the vowel
        (rf"(?<=[^{_VOWEL}ːˈˌ])(?:eː)?ʁ(?=$|[^{_VOWEL}ːˈˌ])", "ɐ"),  # -er
        (rf"(?<=[iueoɛ]ː)ʁ(?=$|[^{_VOWEL}ːˈˌ])", "ɐ"),  # r after long vowels
        (rf"(?<=[ɪʊ])ʁ(?=$|[^{_VOWEL}ːˈˌ])", "ɐ"),  # and after diphthongs
    )
)  # fmt: skip

# Loans that are stressed near their end: spelling → the stressed vowel counted from the end. Only endings that are
# right for most of their words in LOD's own stress marks; endings like -eur or -ell, that are not, are left out.
_ENDINGS = tuple(
    (re.compile(f"(?:{endings})$"), vowel)
    for endings, vowel in (
        ("téit|ment|enz|ent|ant|ist|ie|iv|tur|age|ance|aire", 1),
        ("ismus|istin|istesch|isten|[ae]nzen|[ae]nten|[ae]ntin|[ai]bel|turen|iven|téiten|agen", 2),
        ("istinnen|[ae]ntinnen|éierungen", 3),
    )
)
_STRESSED_SCHWA = re.compile(r"(ge|be|ver|er|zer|ent)?[^aeiouyäëéöüèêà]*ë")


def from_lexicon(ipa: str, word: str) -> str:
    """Phonemes of the LOD lexicon (with or without spaces) in Kokoro's symbols."""
    ipa = unicodedata.normalize("NFD", ipa.replace(" ", ""))
    if "tʃ" in ipa and not re.search("t(s?ch|sh)|^[^t]*ch", word):
        ipa = ipa.replace("tʃ", "t\0ʃ")  # Haapt-stad: two sounds of two parts of the word
    return to_kokoro(ipa, _LUXEMBOURGISH).replace("\0", "")


def from_espeak(ipa: str) -> str:
    """What espeak-ng's voice `lb` wrote, as a word of Luxembourgish, where its rules are known to be wrong."""
    said = to_kokoro(ipa, _ESPEAK).replace(" ", "")
    for pattern, right in _CORRECTIONS:
        said = pattern.sub(right, said)
    return re.sub("[bdɡvzʒ]$", lambda final: _DEVOICED[final.group()], said)


def stress(word: str, phonemes: str) -> str:
    """Put ˈ before the vowel that carries the stress, as Kokoro's own phoneme strings do (kˈɑnt).

    The first full vowel is stressed, so the prefixes be- ge- er- ver- zer- ent- are not; a spelt ë counts as full;
    loans with a known ending are stressed there. A string that has its marks already is left alone.
    """
    if "ˈ" in phonemes:
        return phonemes
    nuclei = list(_NUCLEUS.finditer(phonemes))
    if not nuclei:
        return phonemes
    full = [i for i, vowel in enumerate(nuclei) if vowel.group() not in _REDUCED]
    chosen = full[0] if full else 0
    if schwa := _STRESSED_SCHWA.match(word):
        chosen = min(int(schwa[1] is not None), len(nuclei) - 1)
    elif len(full) > 1 and (borrowed := _borrowed_stress(word, phonemes, nuclei)) is not None:
        chosen = borrowed
    at = nuclei[chosen].start()
    return f"{phonemes[:at]}ˈ{phonemes[at:]}"


def _borrowed_stress(word: str, phonemes: str, nuclei: list[re.Match[str]]) -> int | None:
    for i, vowel in enumerate(nuclei):
        following = phonemes[vowel.end() :]
        if i and "éier" in word and vowel.group() == "ɜɪ" and following.startswith(("ə", "ɐ")):
            return i  # -éieren and all that is derived from it
        if i and "ioun" in word and vowel.group() == "əʊ" and phonemes[vowel.start() - 1] == "j":
            return i
    for ending, vowel_from_end in _ENDINGS:
        if ending.search(word) and vowel_from_end < len(nuclei):
            chosen = len(nuclei) - vowel_from_end
            if nuclei[chosen].group() not in _REDUCED:
                return chosen
    return None
