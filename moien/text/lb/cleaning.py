"""The clean text that the rules read, and the place of each of its characters in the original.

White space is one space, apostrophes are ', letters are composed (NFC). Ligatures, wide and styled letters and
the digits of all scripts are plain. Invisible characters (soft hyphens, marks of direction) are left out.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from array import array
from dataclasses import dataclass

from moien.text.lb.signs import NAMES

# A combining mark belongs to the letter before it. More than eight on one letter are decoration, and an unbounded run
# would make the time of normalisation quadratic.
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CLUSTER = re.compile(rf"\s+|.[{_MARKS}]{{0,8}}", re.DOTALL)
_MARK = re.compile(rf"[{_MARKS}\ufe00-\ufe0f]")
_APOSTROPHES = str.maketrans(
    dict.fromkeys("’‘ʼ´`′‛＇ʻʹˈ‵", "'") | {"‐": "-", "‑": "-", "−": "-", "﹣": "-", "－": "-"}
)
_COMPATIBLE = ("<compat>", "<wide>", "<narrow>", "<font>", "<square>", "<circle>", "<sub>")


# Most texts are clean: visible ASCII and composed letters with single spaces between them.
_CLEAN = re.compile("(?>(?:[!-_a-~ÄËÉÖÜäëéöüèêàâçôûîïœ„“”…–] ?)*)")


@dataclass(frozen=True)
class Clean:
    """A clean text: `text[i]` comes from `original[starts[i]:ends[i]]`."""

    text: str
    starts: array[int]
    ends: array[int]


def clean(text: str) -> Clean:
    """The clean text of any text, without errors, in time proportional to its length."""
    if _CLEAN.fullmatch(text):
        return Clean(text, array("q", range(len(text))), array("q", range(1, len(text) + 1)))
    out: list[str] = []
    starts, ends = array("q"), array("q")
    for match in _CLUSTER.finditer(text):
        cluster = match.group()
        plain = " " if cluster.isspace() else _plain(cluster)
        if plain == " " and (not out or out[-1] == " "):
            continue
        start, end = match.span()
        for character in plain:
            out.append(character)
            starts.append(start)
            ends.append(end)
    return Clean("".join(out), starts, ends)


@functools.lru_cache(maxsize=4096)
def _plain(cluster: str) -> str:
    """The clean characters of one letter with its marks."""
    composed = unicodedata.normalize("NFC", cluster).translate(_APOSTROPHES)
    first, marks = (
        composed[0],
        _MARK.sub("", composed[1:]),
    )  # a mark that does not compose is left out: y̆ is y
    if _MARK.match(first) or unicodedata.category(first) == "Cf":
        return marks
    return _simple(first) + marks


def _simple(character: str) -> str:
    if character.isascii() or character in NAMES:
        return character
    if unicodedata.category(character) == "Nd":  # digits of every script
        return str(unicodedata.decimal(character))
    if unicodedata.decomposition(character).split(" ")[0] in _COMPATIBLE:
        plain = unicodedata.normalize("NFKC", character).translate(_APOSTROPHES)
        # Only if it stays one word or one number: one character of the text must not belong to two pieces.
        if len(plain) == 1 or plain.isdecimal() or plain.isalpha():
            return plain
    return character
