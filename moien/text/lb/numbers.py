"""Numbers as Luxembourgish words, in the spelling of the LOD.

The words are made here, so the n-rule (Eifeler Regel) is applied here: n stays before a vowel and before n d t z h,
else it is dropped. A final n that depends on the next word is `OPTIONAL_N` until `settle_n` knows that word. `JOINT`
is between the parts of a long number, so that each part can be looked up in the lexicon.
"""

from __future__ import annotations

import re

JOINT = "\u2060"  # word joiner; cleaning removes it from every input text
OPTIONAL_N = "\ue000"  # private use; only words that are made here can contain it
EN = "e" + OPTIONAL_N  # the ending -en of adjectives and plurals
AND = "a" + OPTIONAL_N  # the word "an"
LARGEST = 10**15 - 1  # a larger number is read digit by digit

_SMALL = (
    "null eent zwee dräi véier fënnef sechs siwe\ue000 aacht néng zéng eelef zwielef dräizéng véierzéng fofzéng "
    "siechzéng siwwenzéng uechtzéng nonzéng"
).split()
_UNITS = "- een zwee dräi véier fënnef sechs siwen aacht néng".split()
_TENS = "- - zwanzeg drësseg véierzeg fofzeg sechzeg siwwenzeg achtzeg nonzeg".split()
_ORDINALS = (
    "nullt éischt zweet drëtt véiert fënneft sechst siwent aacht néngt zéngt eeleft zwieleft dräizéngt véierzéngt "
    "fofzéngt siechzéngt siwwenzéngt uechtzéngt nonzéngt"
).split()
_GENDERED = {"m": ("", f"ee{OPTIONAL_N}", "zwee"), "f": ("", "eng", "zwou")}
_GENDERED["n"] = _GENDERED["m"]
_LARGE = (
    (10**12, "Billioun", "Billioune" + OPTIONAL_N),
    (10**9, "Milliard", "Milliarde" + OPTIONAL_N),
    (10**6, "Millioun", "Millioune" + OPTIONAL_N),
)
_KEEPS_N = "aeiouäëéöüyndtzh"


def cardinal(number: int, gender: str = "") -> str:
    """A cardinal. `gender`: "" for counting (eent), "m" and "n" (ee or een, zwee), "f" (eng, zwou)."""
    if number < 0:
        return f"minus {cardinal(-number, gender)}"
    if number > LARGEST:
        return digits(str(number))
    words = []
    for size, one, many in _LARGE:
        count, number = divmod(number, size)
        if count:
            words += [cardinal(count, "f"), one if count == 1 else many]
    if number or not words:
        words.append(_below_million(number, gender))
    return " ".join(words)


def year(number: int) -> str:
    """A year: 1100 to 1999 in hundreds (nonzénghonnert…), others as cardinals."""
    if 1100 <= number <= 1999:
        hundreds, rest = divmod(number, 100)
        return _join(_SMALL[hundreds], "honnert", _below_hundred(rest) if rest else "")
    return cardinal(number)


def ordinal(number: int, ending: str = "") -> str:
    """An ordinal with the ending of an adjective: "" (zweet), "er", `EN`."""
    if number < len(_ORDINALS):
        return _ORDINALS[number] + ending
    head, rest = divmod(number, 100)
    if head and 0 < rest < len(_ORDINALS):
        return _join(cardinal(head * 100), _ORDINALS[rest]) + ending
    return _with_n(cardinal(number)) + "st" + ending


def fraction(above: int, below: int) -> str:
    """`above` parts of `below` ≥ 2: en hallef, dräi Véierel, zwee Drëttel, ee Zwanzegstel."""
    if below == 2:
        return "en hallef" if above == 1 else f"{cardinal(above)} hallef"
    part = "Véierel" if below == 4 else ordinal(below).capitalize() + "el"
    return f"{cardinal(above, 'm')} {part}"


def and_a_half(whole: int) -> str:
    """1½ annerhallef, 2½ zweeanenhallef."""
    return "annerhallef" if whole == 1 else _join(_with_n(cardinal(whole, "m")), "anenhallef")


def number_er(number: int) -> str:
    """A decade, an age group, a vintage, a coin: 1980er, 50er, 2003er, 5er."""
    word = _with_n(year(number))
    return word + ("ër" if word.endswith("ee") else "er")


def digits(text: str) -> str:
    """One word for each digit."""
    return " ".join(_SMALL[int(digit)] for digit in text)


def settle_n(text: str) -> str:
    """Replace every `OPTIONAL_N`: by n before a vowel, n d t z h or a pause, by nothing before other consonants."""

    def decide(match: re.Match[str]) -> str:
        following = match[1]
        return "n" if not following or following.lower() in _KEEPS_N else ""

    return re.sub(OPTIONAL_N + r"(?=\s?(\w?))", decide, text)


def _below_million(number: int, gender: str) -> str:
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest, gender)
    count = _below_thousand(thousands, "m") if thousands > 1 else ""
    return _join(count, "dausend", _below_thousand(rest, gender) if rest else "")


def _below_thousand(number: int, gender: str) -> str:
    hundreds, small = divmod(number, 100)
    if not hundreds:
        return _below_hundred(small, gender)
    count = _SMALL[hundreds] if hundreds > 1 else ""
    return _join(count, "honnert", _below_hundred(small, gender) if small else "")


def _below_hundred(number: int, gender: str = "") -> str:
    if gender and number in (1, 2):
        return _GENDERED[gender][number]
    if number < len(_SMALL):
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    if not unit:
        return _TENS[tens]
    link = "an" if _TENS[tens][0] in _KEEPS_N else "a"
    return f"{_UNITS[unit]}{link}{_TENS[tens]}"


def _join(*parts: str) -> str:
    """The parts as one word. They begin with letters before which an n stays (honnert, dausend, anenhallef)."""
    return JOINT.join(filter(None, parts)).replace(OPTIONAL_N + JOINT, "n" + JOINT)


def _with_n(word: str) -> str:
    return word.replace(OPTIONAL_N, "n")
