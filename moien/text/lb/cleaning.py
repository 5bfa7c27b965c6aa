"""The clean text that the rules read, and the place of each of its characters in the original.

White space is one space; a line break, a tab or a tag of HTML that ends a line is "\\n", which the normaliser makes a
pause. Apostrophes are ', letters are composed (NFC). Ligatures, wide and styled letters and the digits of all scripts
are plain. Left out are tags of HTML and invisible characters (soft hyphens, marks of direction); entities of HTML
(&amp;) and what is left of Windows-1252 (\\x80, â€™) become the characters that were meant.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from array import array
from dataclasses import dataclass

from moien.text.lb.signs import NAMES

# A combining mark belongs to the letter before it. More than eight on one letter are decoration, and an unbounded run
# would make the time of normalisation quadratic.
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_BLOCKS = (
    "address|article|blockquote|br|dd|div|dl|dt|footer|h[1-6]|header|hr|li|ol|p|pre|section|table|td|th|tr|ul"
)
_INLINE = (
    "a|abbr|b|big|body|code|del|em|font|head|html|i|img|ins|mark|q|s|small|span|strong|sub|sup|tbody|thead|u"
)
# Most texts are clean: visible ASCII and composed letters with single spaces between them.
_PLAIN = "[!-%'-;=?-_a-~ÄËÉÖÜäëéöüèêàçôûîïœ„“”…–]"
_CLEAN = re.compile(f"(?>(?:{_PLAIN} ?)*)")
_HIGH = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # \x80 to \xbf in Windows-1252
_CLUSTER = re.compile(
    rf"(?P<plain>{_PLAIN}(?![{_MARKS}])(?>(?: ?{_PLAIN}(?![{_MARKS}]))*))"
    r"|(?P<space>[^\S\x80-\x9f]+)"
    rf"|(?P<tag>(?i:</?(?:(?P<block>{_BLOCKS})|{_INLINE})(?:\s[^<>]{{0,500}})?/?>)|<!--[^<>]{{0,500}}-->)"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31}\d{0,2});)"
    rf"|(?P<mojibake>Ã[{_HIGH}]|Â[\xa0-\xbf]|â[\x80€][{_HIGH}])"
    rf"|(?P<cluster>.[{_MARKS}]{{0,8}})",
    re.DOTALL,
)
_MARK = re.compile(rf"[{_MARKS}\ufe00-\ufe0f]")
_BREAK = re.compile(r"[\n\r\t\v\f\u2028\u2029]")
_APOSTROPHES = str.maketrans(
    dict.fromkeys("’‘ʼ´`′‛＇ʻʹˈ‵", "'") | {"‐": "-", "‑": "-", "−": "-", "﹣": "-", "－": "-"}
)
_COMPATIBLE = ("<compat>", "<wide>", "<narrow>", "<font>", "<square>", "<circle>", "<sub>")
# A line as long as this that goes on with a small letter is a paragraph with hard line breaks.
_LONG_LINE = 50
_PART_OF_PAIR = re.compile("(?:an?|oder|bis|respektiv|bzw)(?![a-zäëéöü])")  # Gas- ⏎ a Stroumpräisser


@dataclass(frozen=True)
class Clean:
    """A clean text: `text[i]` comes from `original[starts[i]:ends[i]]`; no places if nothing was changed."""

    text: str
    starts: array[int]
    ends: array[int]


def clean(text: str) -> Clean:
    """The clean text of any text, without errors, in time proportional to its length."""
    if _CLEAN.fullmatch(text):
        return Clean(text, array("q"), array("q"))
    out: list[str] = []
    starts, ends = array("q"), array("q")
    line = 0  # where the line began, in `out`
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        if match.lastgroup == "plain":
            out.extend(match[0])
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        plain = _simple_text(match)
        if plain == "\n":
            following = text[end : end + 12].lstrip()
            if out and out[-1] == "-" and len(out) > 1 and out[-2].isalpha() and following[:1].islower():
                if _PART_OF_PAIR.match(following):
                    plain = " "
                else:  # Lëtze- ⏎ buerg
                    out.pop(), starts.pop(), ends.pop()
                    plain = ""
            elif len(out) - line >= _LONG_LINE and following[:1].islower():
                plain = " "
            line = len(out)
        if plain in (" ", "\n") and (not out or out[-1] in " \n"):
            if out and plain == "\n":
                out[-1] = plain
            continue
        out.extend(plain)
        alike = len(plain) == end - start  # an entity that is none
        starts.extend(range(start, end) if alike else [start] * len(plain))
        ends.extend(range(start + 1, end + 1) if alike else [end] * len(plain))
    return Clean("".join(out), starts, ends)


def _simple_text(match: re.Match[str]) -> str:
    """The clean characters of what is not plain already."""
    kind, written = match.lastgroup, match[0]
    if kind == "space":
        return "\n" if _BREAK.search(written) else " "
    if kind == "tag":
        return "\n" if match["block"] else ""
    if kind == "entity":
        return "".join(_plain(character) for character in html.unescape(written))
    if kind == "mojibake":
        return "".join(_plain(character) for character in _decoded(written))
    return _plain(written)


def _decoded(written: str) -> str:
    """UTF-8 that was read as Windows-1252: Ã« is ë, â€™ is ’; as it is if it is nothing of the kind."""
    octets = b"".join(
        character.encode("cp1252", errors="ignore") or character.encode("latin-1") for character in written
    )
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return written


@functools.lru_cache(maxsize=4096)
def _plain(cluster: str) -> str:
    """The clean characters of one letter with its marks."""
    if "\x80" <= cluster[0] <= "\x9f":
        meant = cluster[0].encode("latin-1").decode("cp1252", errors="ignore")
        cluster = (meant or cluster[0]) + cluster[1:]
    if cluster.isspace():
        return " "
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
