"""Text → words and pauses, for any language: the first step of the front end for espeak-ng.

No character is lost: each is part of a word, a pause, or one of the few that are listed as silent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from moien.errors import WrongData

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼʻ´`′‛＇՚׳״", "'")) | {
    0x05BE: "-",
    0x2010: "-",
    0x2011: "-",
    0x0970: ".",
}
_INVISIBLE = str.maketrans(
    dict.fromkeys("\u00ad\u0640\u200b\u200d\u200e\u200f\u2060\ufeff")
)  # soft hyphen and the like
# Ligatures and presentation forms, full width, Roman numerals of one character: the same letters in another dress.
_DRESSED = re.compile("[\ufb00-\ufdfb\ufe70-\ufefc\uff10-\uff5a\uff66-\uff9d\u2160-\u217f]+")
# Chillu letters of Malayalam and khanda ta of Bengali, in the old spelling: letter, virama, joiner.
_JOINED = re.compile("([\u0d23\u0d28\u0d30\u0d32\u0d33\u0d15]\u0d4d|\u09a4\u09cd)\u200d")
_CHILLU = dict(
    zip(
        "\u0d23\u0d28\u0d30\u0d32\u0d33\u0d15\u09a4",
        "\u0d7a\u0d7b\u0d7c\u0d7d\u0d7e\u0d7f\u09ce",
        strict=True,
    )
)
_NUMERO = re.compile(r"(?<!\w)[nN](?:°|\.?\s?[º°])(?=\s?\d)")  # n° 5, n.º 5
_QUOTES = frozenset('"„“”«»‟〝〞「」『』《》')
_ARMENIAN = re.compile("[\u055b\u055c\u055e](\\w*)")  # written inside of a word: ինչպե՞ս
_PAUSES = {
    **dict.fromkeys(",،、，፣၊՝", ","),
    **dict.fromkeys(";؛；፤", ";"),
    **dict.fromkeys(":：፥", ":"),
    **dict.fromkeys(".。．।॥۔።։။", "."),
    **dict.fromkeys("!！‼❗❕", "!"),
    **dict.fromkeys("?？؟፧⁇❓❔", "?"),
    **dict.fromkeys("—–―", "—"),
    **dict.fromkeys("([{（", "("),
    **dict.fromkeys(")]}）", ")"),
    **dict.fromkeys("…", "…"),
    **dict.fromkeys("¡¿‹›‚・", ""),  # silent on purpose: the mark at the end of the sentence does the same
}  # mark → symbol of Kokoro
_MARKS = "".join(map(re.escape, [*_PAUSES, *sorted(_QUOTES)]))
# A point, comma or colon inside a number and a point between letters belong to the word: 3,5 11:30 a.s.b.l 1.-3 J.-C
_TOKEN = re.compile(
    rf"(?P<word>(?:[^\s{_MARKS}]|(?<=\d)[.,:](?=\d)|(?<=\w)\.(?=\w)|(?<=\w)\.(?=-\w)|(?<=\d)\.(?=/\d))+)|(?P<mark>[{_MARKS}])"
)


def clean(text: str) -> str:
    """The text in NFC, with one kind of apostrophe and one space between words, without soft hyphens and the like.

    Ligatures (ﬁ) and other forms of letters become plain letters; n° before a number becomes №. A zero-width
    non-joiner stays, because espeak-ng reads Persian better with it.

    WrongData for control characters, because they show that a file is broken.
    """
    text = _JOINED.sub(lambda match: _CHILLU[match[1][0]], unicodedata.normalize("NFC", text))
    text = _DRESSED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = text.translate(_APOSTROPHES).translate(_INVISIBLE).replace("\u2044", "/")
    text = re.sub(r"(?<=\d)\.(?=[ºª])", "", _NUMERO.sub("№", text))  # 1.º
    text = _ARMENIAN.sub(lambda match: match[1] + {"\u055c": "!", "\u055e": "?"}.get(match[0][0], ""), text)
    text = " ".join(text.split())
    for character in text:
        damaged = unicodedata.category(character) in ("Cc", "Co", "Cs") or character == "\ufffd"
        if damaged or "\u2800" <= character <= "\u28ff":  # Braille: Arabic espeak-ng crashes
            raise unspeakable(character, text)
    text = re.sub(r"\.\.\.+", "…", text)
    return re.sub(r"(?<=\s)-(?=\s)|--+", "—", text)


def tokenise(text: str, inner: Collection[int] = ()) -> Iterator[tuple[str, str]]:
    """Yield `("word", text)` and `("pause", symbol of Kokoro)` of a clean text, in order.

    `inner` are the places of full stops that are no pause: they stay with their word.
    """
    inside_quotes = False
    for match in _TOKEN.finditer(text):
        mark = match["mark"]
        if not mark:
            yield "word", match["word"] + "." * (match.end() in inner)
        elif mark in _QUOTES:  # which of „ “ ” opens differs between languages: so they alternate
            inside_quotes = not inside_quotes
            yield "pause", "“" if inside_quotes else "”"
        elif _PAUSES[mark] and match.start() not in inner:
            yield "pause", _PAUSES[mark]


class Unspeakable(WrongData):
    """A text has characters that cannot be spoken; `characters` are those that the front end knows of."""

    characters: str


def unspeakable(characters: str, text: str) -> Unspeakable:
    """The error for characters that cannot be spoken, with the name of the first: none is left out in silence."""
    error = Unspeakable(
        f"cannot speak {character_name(characters[0])}",
        where=excerpt(text),
        remedy="write it as words or remove it",
    )
    error.characters = characters
    return error


def character_name(character: str) -> str:
    """`'日' (U+65E5 CJK UNIFIED IDEOGRAPH-65E5)`."""
    return f"{character!r} (U+{ord(character):04X} {unicodedata.name(character, 'no name')})"


def excerpt(text: str) -> str:
    """The beginning of a text, in quotation marks, for an error."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
