"""How a word is written for espeak-ng, and what of it espeak-ng would leave out, spell or read in English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import takewhile

from moien.text.ipa import TIE

LONGEST = 30  # characters of a piece of a word that is too long
FULL = 150  # letters of IPA of one spoken word: espeak-ng drops what follows 200 phonemes
TOO_LONG = 60  # characters that are not tried: espeak-ng crashes on some words of 1,000
SILENT = frozenset("'-./,:\u200c")  # of the characters of a word: they join its parts
_NUMBER_SIGN = {
    "ca": "número",
    "cs": "číslo",
    "da": "nummer",
    "es": "número",
    "fr": "numéro",
    "it": "numero",
    "lb": "Nummer",
    "nb": "nummer",
    "nl": "nummer",
    "pl": "numer",
    "pt": "número",
    "ro": "numărul",
    "sv": "nummer",
}  # № in full, where espeak-ng leaves it out
# espeak-ng reads some numbers without their tens: 55 as 5. (In lb, too, which has a front end of its own.)
_NO_TENS = frozenset("gn haw ht nci qya".split())
_ALPHABETS = frozenset(("CYRILLIC", "GREEK", "HEBREW", "ARABIC"))  # espeak-ng may spell a word of another one


class Speller:
    """Writes the words of one language. `read` gives their IPA; `in_english` tells what has no other name."""

    def __init__(self, language: str, read: Callable[[str], str], in_english: Callable[[str], bool]) -> None:
        self._language, self._read, self._in_english = language, read, in_english
        # espeak-ng spells a letter that it does not know: `letter`, and the digits of its code
        pairs = zip(*(_plain(read(unknown)) for unknown in "\u2c65\ua66e"), strict=False)
        common = takewhile(lambda pair: pair[0] == pair[1], pairs)
        self._letter = "".join(sound for sound, _ in common)[1:]  # its first vowel may be reduced

    def pieces(self, word: str) -> list[str]:
        """A word, or the pieces of one that is so long that its end would be dropped."""
        if len(word) <= LONGEST:
            return [word]
        if len(word) <= TOO_LONG and max(map(len, self._read(word).split()), default=0) <= FULL:
            return [word]
        parts = (word[i : i + LONGEST].strip(".") for i in range(0, len(word), LONGEST))
        return [part for part in parts if part]

    def write(self, word: str) -> tuple[str, str]:
        """A word as espeak-ng reads it best, and the first character that it cannot read, or ""."""
        spelling = self._with_minus(_with_okina(word) if self._language == "haw" else word)
        if not spelling:
            return word, word[0]
        for character in dict.fromkeys(spelling):
            kind = unicodedata.category(character)[0]
            if character in SILENT or kind == "M" or (character.isascii() and character.isalnum()):
                continue
            if kind == "L":
                if not self._knows(character, spelling):
                    return word, character
            elif self._loses(character, spelling) or (
                spelling == character and self._drops(character, f"5 {word} 5")
            ):
                full = _in_full(character, self._language)
                if not full or ("/" in full and self._loses("/", "3/4")):
                    return word, character
                spelling = spelling.replace(character, full).strip()
        for tens in re.findall(r"[1-9]\d(?!\d)", spelling) if self._language in _NO_TENS else ():
            if self._read(tens) in ("", self._read(tens[1])):
                return word, tens[0]
        if letter := self._spells(spelling):
            return word, letter
        if re.fullmatch(r"[^\W\d_IVX]\.", spelling):
            return spelling[0], ""  # else D. is 500 in Portuguese
        parts = spelling.strip(".").split(".")
        if spelling.endswith(".") and len(self._read(spelling).split()) > len(parts) > 1:
            spelling = ". ".join(parts) + "."  # else the stops are read by their name: bl.a.
        return spelling, ""

    def _with_minus(self, word: str) -> str:
        """A negative number with the minus that is read, or "" if none is; other words as they are."""
        if not re.match(r"[-−]\d", word):
            return word
        return next((sign + word[1:] for sign in "-−" if not self._loses(sign, f"{sign}5")), "")

    def _knows(self, letter: str, word: str) -> bool:
        """Whether a letter is read, instead of its code or the name of its script."""
        name = _plain(self._read(letter))
        if not name:
            return not self._drops(letter, word)
        spelled = name.startswith(self._letter, 1) or name.endswith(self._letter)
        return not (self._letter and spelled and self._letter in _plain(self._read(word)))

    def _spells(self, word: str) -> str:
        """The first letter of a word in another alphabet, if the names of its letters are read, or ""."""
        letters = [letter for letter in word if letter.isalpha()]
        scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in letters}
        if len(letters) < 3 or not scripts <= _ALPHABETS or word.isupper():
            return ""
        names = "".join(map(self._read, word))
        sounds = len(re.sub(rf".{TIE}|[\sˈˌː]", "", names))
        is_name = sounds >= 1.5 * len(letters)  # else the name of a letter is its sound
        return letters[0] if is_name and _plain(names) == _plain(self._read(word)) else ""

    def _loses(self, mark: str, word: str) -> bool:
        """Whether a mark is left out, or has an English name only."""
        return self._drops(mark, word) or (self._language != "en" and self._in_english(mark))

    def _drops(self, character: str, word: str) -> bool:
        return self._read(word) == self._read(word.replace(character, " "))


def _plain(ipa: str) -> str:
    return re.sub(rf"[\sˈˌ{TIE}]", "", ipa)


def _with_okina(word: str) -> str:
    """A word of Hawaiian with z for its ʻokina, which espeak-ng drops. `ipa` reads z as ʔ."""
    return re.sub("'(?=[aeiouāēīōū])", "z", re.sub("[zZ]", "s", word), flags=re.IGNORECASE)


def _in_full(character: str, language: str) -> str:
    """A character that espeak-ng leaves out, written in full (№, ¾, digits of other scripts), or ""."""
    if character == "№":
        return f"{_NUMBER_SIGN[language]} " if language in _NUMBER_SIGN else ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character).replace("\u2044", "/")
    return f" {plain}" if re.fullmatch("[0-9/]+", plain) else ""
