"""The dash between two numbers: `bis` in ranges and spans, `zu` in scores; nothing in codes."""

from __future__ import annotations

import re

from moien.text.lb import grammar
from moien.text.lb.reading import NUMERIC, Part, Scan, in_words
from moien.text.lb.units import UNIT

_CODES = re.compile(r"(?<=[A-Z]\d)-[A-Z]\d|(?<=[A-Z]\d\d)-[A-Z]\d")  # A1-B2, B20-B99
_DASH = re.compile(r" ?[-–—~] ?(?=['\d])")
_LEFT_NUMBER = re.compile(r"(?:(\d[ -])|[^\d.,]|\A)(\d{1,15})\Z")
_RIGHT_NUMBER = re.compile(r"(\d{1,15})(?![\d]|[.,]\d)(-\d)?")
_CLOCK_AHEAD = re.compile(r"\d{1,2}(?:[:.h][0-5]\d(?!\d)|h(?!\w)| ?Auer)")
_MEASURED = re.compile(rf" ?(?:{UNIT})(?![\w²³])")
_SPORT = (
    r"gew[ëoa]nn\w*|verl[éu]\w*|schléit|schloen|geschloen|stoung|steet|Victoire\w*|Néierlag\w*|Erfolleg|Match\w*|"
    r"\w*[Rr]esultat\w*|Score|(?:End|Pause|Spill|Tëschen)?[Ss]tand|Hallefzäit|Halbzäit|Verlängerung|Prolongatioun|"
    r"Remis|Goal\w*|Gol\w*|Sätz|Tie-Break|\w*[Ff]inall\w*|Meeschterschaft|Coupe|Equipe"
)
_SPORT_NEAR = re.compile(rf"(?<!\w)(?:{_SPORT})(?!\w)")
_SPORT_BEFORE = re.compile(rf"(?:(?<!\w)(?:mat|vun|{_SPORT}|huet|hunn|hu|endt|geet|ass),?|[:(]) ?\Z")
_SPORT_AFTER = re.compile(rf",? ?(?:\w+ )?(?:{_SPORT})(?!\w)")
_CLUB = r"[A-ZÄËÉÖÜ][\w.']*(?: [A-ZÄËÉÖÜ\d][\w.']*){0,3}"
_CLUBS = re.compile(rf"(?<!\w){_CLUB} [-–] {_CLUB}[,:]? ?\Z")
_CLUBS_TOGETHER = re.compile(r"(?<!\w)[A-ZÄËÉÖÜ]\w+[-–/][A-ZÄËÉÖÜ]\w+,? ?\Z")
_ADDRESS = re.compile(
    r"(?:[Rr]ue|Avenue|Boulevard|Route|[Ss]trooss|Plaz|Place|Säit|Kapitel|Nummer|Klass|Linn)[,:]? ?\Z"
)
_NEAR = 70  # characters
_AFTER_RANGE = frozenset("vun vu tëscht tëschent".split())
_HIGHEST, _HIGHEST_PLAIN = 199, 30  # of a score; of a score that nothing shows but its order


def clubs_before(text: str, at: int) -> bool:
    """Whether the names of two clubs are before a place: Fola - Jeunesse 2-3."""
    before = _line_before(text, at)
    return bool(_CLUBS.search(before)) and not _ADDRESS.search(before)


def _line_before(text: str, at: int) -> str:
    """The end of the line before a place."""
    return text[max(0, at - _NEAR) : at].rpartition("\n")[2]


def read_dash(scan: Scan, at: int) -> list[Part]:
    """The dash at `at` between two numbers; [] if it is none."""
    text = scan.text
    if scan.part.rule not in NUMERIC or scan.part.end < at - 1:
        return []
    between = [in_words(at + 1, "range", "bis")]
    if scan.part.end == at and _CODES.match(text, at):
        return between
    if not (dash := _DASH.match(text, at)):
        return []
    if scan.part.rule in ("time", "date") or _CLOCK_AHEAD.match(text, dash.end()):
        return between
    left = _LEFT_NUMBER.search(text[max(0, scan.part.end - 18) : scan.part.end])
    right = _RIGHT_NUMBER.match(text, dash.end())
    if not left or not right:
        return between
    low, high = int(left[2]), int(right[1])
    chained = left[1] and (left[1][1] == "-" or "score" not in scan.seen)
    if chained or right[2]:
        return []  # 978-3-16 and 49 00 11-1 are codes
    if _is_score(scan, low, high, scan.part.end - len(left[2]), right.end()):
        return [in_words(at + 1, "score", "zu")]
    if low < high or (len(left[2]) == 4 and len(right[1]) == 2 and low % 100 < high):
        return between
    return []


def _is_score(scan: Scan, low: int, high: int, start: int, end: int) -> bool:
    """Whether two numbers with a dash are a score: by their order, by the sport around them, by the clubs before."""
    text = scan.text
    noun = grammar.noun_after(text, end)
    if max(low, high) > _HIGHEST or _MEASURED.match(text, end) or (noun and not _SPORT_NEAR.fullmatch(noun)):
        return False
    before, after = _line_before(text, start), text[end : end + 40].partition("\n")[0]
    sport = bool(_SPORT_NEAR.search(before) or _SPORT_NEAR.search(after))
    if "score" in scan.seen or clubs_before(text, start):
        return True
    if low >= high:
        return max(low, high) <= _HIGHEST_PLAIN or sport
    if low == 0 and scan.before.lower() not in _AFTER_RANGE:
        return sport or not before.strip()
    shown = _SPORT_BEFORE.search(before) or _SPORT_AFTER.match(after) or _CLUBS_TOGETHER.search(before)
    return sport and shown is not None
