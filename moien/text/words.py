"""Text → words and pauses, for any language: the first step of the front end for espeak-ng.

No character is lost: each is part of a word, a pause, or one of the few that are listed as silent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from moien.errors import WrongData

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`′‛＇", "'"))
_INVISIBLE = str.maketrans(dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff"))  # soft hyphen and the like
_QUOTES = frozenset('"„“”«»‟〝〞')
_PAUSES = {
    **dict.fromkeys(",،、，", ","),
    **dict.fromkeys(";؛；", ";"),
    **dict.fromkeys(":：", ":"),
    **dict.fromkeys(".。．।", "."),
    **dict.fromkeys("!！", "!"),
    **dict.fromkeys("?？؟", "?"),
    **dict.fromkeys("—–―", "—"),
    **dict.fromkeys("([{（", "("),
    **dict.fromkeys(")]}）", ")"),
    **dict.fromkeys("…", "…"),
    **dict.fromkeys("¡¿‹›‚", ""),  # silent on purpose: the mark at the end of the sentence does the same
}  # mark → symbol of Kokoro
_MARKS = "".join(map(re.escape, [*_PAUSES, *sorted(_QUOTES)]))
# A point, comma or colon inside a number and a point between letters belong to the word: 3,5 11:30 a.s.b.l
_TOKEN = re.compile(rf"(?P<word>(?:[^\s{_MARKS}]|(?<=\d)[.,:](?=\d)|(?<=\w)\.(?=\w))+)|(?P<mark>[{_MARKS}])")


def clean(text: str) -> str:
    """The text in NFC, with one kind of apostrophe and one space between words, without soft hyphens and the like.

    WrongData for control characters, because they show that a file is broken.
    """
    text = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).translate(_INVISIBLE)
    text = " ".join(text.split())
    for character in text:
        if unicodedata.category(character) in ("Cc", "Co", "Cs") or character == "\ufffd":
            raise unspeakable(character, text)
    text = re.sub(r"\.\.\.+", "…", text)
    return re.sub(r"(?<=\s)-(?=\s)|--+", "—", text)


def tokenise(text: str) -> Iterator[tuple[str, str]]:
    """Yield `("word", text)` and `("pause", symbol of Kokoro)` of a clean text, in order."""
    inside_quotes = False
    for match in _TOKEN.finditer(text):
        mark = match["mark"]
        if not mark:
            yield "word", match["word"]
        elif mark in _QUOTES:  # which of „ “ ” opens differs between languages: so they alternate
            inside_quotes = not inside_quotes
            yield "pause", "“" if inside_quotes else "”"
        elif _PAUSES[mark]:
            yield "pause", _PAUSES[mark]


def unspeakable(character: str, text: str) -> WrongData:
    """The error for a character that cannot be spoken; no character is left out in silence."""
    name = unicodedata.name(character, "no name")
    return WrongData(
        f"cannot speak {character!r} (U+{ord(character):04X} {name})",
        where=repr(text if len(text) <= 60 else text[:59] + "…"),
        remedy="write it as words or remove it",
    )
