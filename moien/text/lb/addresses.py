"""Web and mail addresses, hashtags and mentions; each of their signs is spoken."""

from __future__ import annotations

import re

from moien.text.lb.letters import LATIN
from moien.text.lb.numbers import cardinal, digits
from moien.text.lb.reading import Part, Scan, in_words

_COMMON = "lu|com|org|net|info|eu|de|fr|be|ch|at|uk|io|edu|gov|nl|it|es|pt|us|tv|fm|radio|app|dev"
# Real addresses need no bounds; but without them the time on a text full of points would be quadratic.
_DOMAIN = rf"(?:[{LATIN}\d-]{{1,63}}\.){{1,5}}"
_LINK = re.compile(
    rf"(?P<scheme>(?:https?|ftp)://)(?P<rest>[^\s<>\"„“”«»]{{1,2000}})|(?:www\.|{_DOMAIN}(?:{_COMMON})(?:/|(?![\w-])))"
    rf"(?P<tail>[^\s<>\"„“”«»]{{0,2000}})"
)
_MAIL = re.compile(rf"[{LATIN}\d][{LATIN}\d._%+-]{{0,63}}@{_DOMAIN}[{LATIN}]{{2,20}}(?![{LATIN}\d])")
_TAG = re.compile(rf"[#@](?=[{LATIN}_])[{LATIN}\d_]{{1,200}}")
_TRAILING = ".,;:!?)]}'…"
_PIECE = re.compile(
    rf"(?P<scheme>\A(?:https?|ftp)://)|(?P<word>[{LATIN}][a-zà-öø-ÿ]*|[{LATIN}]+)|(?P<digits>\d{{1,9}})|(?P<sign>.)",
    re.DOTALL,
)
_SIGNS = {
    ".": "Punkt",
    "/": "Slash",
    "-": "Strich",
    "_": "Ënnerstrich",
    "@": "at",
    ":": "Duebelpunkt",
    "?": "Frozeechen",
    "=": "gläich",
    "&": "an",
    "#": "Hashtag",
    "%": "Prozent",
    "+": "plus",
    "~": "Tilde",
}
_DOMAIN_WORDS = frozenset("com org net info gov radio app".split())


def read_address(scan: Scan, at: int) -> list[Part]:
    """The parts of an address that begins at a letter or digit; [] if there is none."""
    if "." not in scan.text[at : at + 70] and "://" not in scan.text[at : at + 8]:
        return []
    if mail := _MAIL.match(scan.text, at):
        return _spell_out(scan.text, at, mail.end(), "email")
    if not (link := _LINK.match(scan.text, at)):
        return []
    end = link.end()
    while scan.text[end - 1] in _TRAILING:
        end -= 1
    return _spell_out(scan.text, at, end, "url")


def read_tag(scan: Scan, at: int) -> list[Part]:
    """#Lëtzebuerg and @rtl_lu."""
    tag = _TAG.match(scan.text, at)
    if not tag or (not scan.character(at - 1).isspace() and scan.character(at - 1) not in "(\"„“'"):
        return []
    return _spell_out(scan.text, at, tag.end(), "hashtag" if tag[0][0] == "#" else "mention")


def _spell_out(text: str, at: int, end: int, rule: str) -> list[Part]:
    parts = []
    for piece in _PIECE.finditer(text[at:end]):
        stop, written = at + piece.end(), piece[0]
        if piece.lastgroup == "scheme":
            parts.append(Part(stop, "silent"))  # never spoken
        elif piece.lastgroup == "digits":
            short = len(written) <= 4 and (written[0] != "0" or written == "0")
            parts.append(in_words(stop, rule, cardinal(int(written)) if short else digits(written)))
        elif piece.lastgroup == "sign":
            name = _SIGNS.get(written)
            parts.append(in_words(stop, rule, name) if name else Part(stop, "silent"))
        else:
            parts.append(Part(stop, "letters" if _spelled(text, at, stop, written) else rule, (written,)))
    return parts


def _spelled(text: str, at: int, stop: int, word: str) -> bool:
    """Whether a word is spelled (www, lu, rtl): one without a vowel, or the short last part of a domain."""
    if word.lower() in _DOMAIN_WORDS:
        return False
    if not re.search("[aeiouyäëéöü]", word.lower()) or (word.isupper() and len(word) <= 3):
        return True
    start = stop - len(word)
    return len(word) == 2 and start > at and text[start - 1] == "."
