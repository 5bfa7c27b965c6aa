"""Dates, years, decades and times of day. Each reader takes a match and the scan and returns words or None."""

from __future__ import annotations

import re

from moien.text.lb import grammar
from moien.text.lb.grammar import LOWER_MONTH, MONTH, MONTHS
from moien.text.lb.numbers import AND, EN, cardinal, number_er, ordinal, year
from moien.text.lb.reading import Scan
from moien.text.lb.scores import clubs_before
from moien.text.lb.short_names import WEEKDAYS
from moien.text.lb.units import MILLION, UNIT

_DAY, _MONTH_NUMBER = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"
_HOUR_WORDS = frozenset(
    "um ëm vun vu bis géint no virun viru tëscht tëschent ab zënter zanter auer depart départ ofgang arrivée ukonft "
    "ufank start enn schluss dier dieren paart paarten haut muer gëschter moies moien mëttes mëtteg nomëttes "
    "nomëtteg owes owend nuets nuecht".split()
) | {name.lower() for day in WEEKDAYS.values() for name in (day, day + "s", day.replace("deg", "des"))}
_BETWEEN_TIMES = frozenset(["", *"- – an a oder bis respektiv resp bzw dann duerno".split()])
_TIMETABLE = re.compile(
    r"(?<!\w)(?:Zuch|Zich|Bus|Busser|Tram|Depart|Départ|Ofgang|Ofaart|Ukonft|Arrivée|Horairen?|Fahrplang|Auerzäit|"
    r"Ouverture|Programm|Rendez-vous|RDV|Oflaf|Seancen?|Virstellung(?:en)?|Massen?|Concert|Cours|Kino|\w*[Zz]äiten)(?!\w)"
    r"(?:[^.!?\n]|\.(?=\d)){0,60}\Z"
)


def _named(day: str, month: str, in_year: str) -> str:
    return f"{ordinal(int(day), EN)} {MONTHS[int(month) - 1]} {_in_year(in_year)}"


def _in_year(digits: str) -> str:
    if len(digits) == 2 and digits[0] == "0":
        return f"null {cardinal(int(digits[1]))}"
    return year(int(digits)) if digits else ""


def _iso(match: re.Match[str], _: Scan) -> str:
    return _named(match[3], match[2], match[1])


def _dotted(match: re.Match[str], _: Scan) -> str:
    return f"{ordinal(int(match[1]), EN)} {ordinal(int(match[2]), EN)} {_in_year(match[3])}"


def _day_and_month(match: re.Match[str], scan: Scan) -> str | None:
    """24.2. is a date, but not as the number of a section, at the end of a sentence (11.5.) or after a time of day."""
    left, end = scan.left.lower(), match.end()
    if (left in ("um", "ëm") and int(match[1]) <= 24 and len(match[2]) == 2) or (
        "time" in scan.seen and left in ("bis", "an", "a", "oder")
    ):
        return None
    sure = left in grammar.SURE or left in ("bis", "op", "a", "an", "vum", "ab") or "weekday" in scan.seen
    sure = sure or (scan.part.rule == "range" and not scan.seen.isdisjoint(("date", "ordinal")))
    if not sure and left in LABELLED:
        return None
    sure = sure or _is_cell(match, scan)
    if not sure and len(match[1]) + len(match[2]) < 4:  # 2.1. or 11.5.
        following = scan.text[end : end + 2].lstrip()
        starts_line = not left and scan.text[max(0, match.start() - 1) : match.start()] in ("", "\n")
        if not following or grammar.ends_sentence(scan.text, end) or (starts_line and following[0].isupper()):
            return None
    return f"{ordinal(int(match[1]), EN)} {ordinal(int(match[2]), EN)}"


def _day_and_month_without_point(match: re.Match[str], scan: Scan) -> str | None:
    """Den 28.11 is a date."""
    if scan.left.lower() not in ("den", "de", "vum", "dem") or _MEASURED.match(scan.text, match.end()):
        return None
    return f"{ordinal(int(match[1]), EN)} {ordinal(int(match[2]), EN)}"


def _stroke(match: re.Match[str], _: Scan) -> str:
    return _named(match[1], match[2], match[3])


def _stroke_without_year(match: re.Match[str], scan: Scan) -> str | None:
    return _named(match[1], match[2], "").strip() if scan.left.lower() in grammar.SURE else None


def _with_month(match: re.Match[str], _: Scan) -> str:
    return ordinal(int(match[1]), EN)


def _with_lower_month(match: re.Match[str], scan: Scan) -> str | None:
    if (
        match[0][-1] != "."
        and scan.left.lower() not in grammar.SURE
        and scan.text[match.end() :].lstrip()[:3] == "mee"
    ):
        return None  # mee is the old spelling of mä
    return ordinal(int(match[1]), EN)


def _decade(match: re.Match[str], _: Scan) -> str | None:
    return number_er(int(match[1])) if int(match[1]) > 1 else None


def _short_year(match: re.Match[str], scan: Scan) -> str:
    return cardinal(int(match[1])) if match[1][0] != "0" else _in_year(match[1])


def _school_year(match: re.Match[str], _: Scan) -> str:
    return f"{year(int(match[1]))} {_in_year(match[2])}"


def _year(match: re.Match[str], scan: Scan) -> str | None:
    if grammar.COUNTED.match(scan.text, match.end()) or _MEASURED.match(scan.text, match.end()):
        return None
    return year(int(match[1]))


def _clock(match: re.Match[str], scan: Scan) -> str | None:
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    left = scan.left.lower()
    if hour > 24 or left in _RATIOS or ("score" in scan.seen and left not in _HOUR_WORDS):
        return None
    if minute % 15 and ":" in match[0] and "Auer" not in match[0] and clubs_before(scan.text, match.start()):
        return None
    words = f"{cardinal(hour, 'f')} Auer"
    if minute or second:
        words += f" {cardinal(minute)}"
    return words + (
        f" {AND} {cardinal(second, 'f')} {'Sekonn' if second == 1 else 'Sekonn' + EN}" if second else ""
    )


def _pointed_clock(match: re.Match[str], scan: Scan) -> str | None:
    """20.15 is a time of day after a word for it, in a span of time, and after another time."""
    end = match.end()
    before = _WORD_BEFORE.search(scan.text[max(0, match.start() - 24) : match.start()])
    left = (scan.left or (before[1] if before else "")).lower().rstrip(".").rpartition("'")[2]
    if int(match[1]) > 24 or _MEASURED.match(scan.text, end) or _AMOUNT.match(scan.text, end):
        return None
    like_a_date = scan.text[end : end + 1] == "." and 0 < int(match[2]) <= 12  # 8.12.
    if like_a_date and left not in ("um", "ëm") and "time" not in scan.seen:
        return None
    span = _SPAN_AHEAD.match(scan.text, end)
    if span and left not in LABELLED:
        sure = int(span[1]) <= 24 and (len(match[1]) + len(span[1]) > 2 or left in _HOUR_WORDS)
    else:
        sure = left in _HOUR_WORDS or ("time" in scan.seen and left in _BETWEEN_TIMES)
        sure = sure or ("weekday" in scan.seen and (not left or scan.part.rule == "weekday"))
        sure = sure or _starts_line(match, scan) or ("date" in scan.seen and _is_cell(match, scan))
        sure = sure or (
            left not in LABELLED
            and bool(_TIMETABLE.search(scan.text[max(0, match.start() - 60) : match.start()]))
        )
    return _clock(match, scan) if sure or (scan.part.rule == "range" and "time" in scan.seen) else None


def _is_cell(match: re.Match[str], scan: Scan) -> bool:
    """Whether a match is all of a cell of a table."""
    around = scan.text[max(0, match.start() - 1) : match.start()] + scan.text[match.end() : match.end() + 1]
    return around in ("\n", "\n\n")


def _starts_line(match: re.Match[str], scan: Scan) -> bool:
    """20.15: Film, at the start of a line of a programme."""
    if scan.text[max(0, match.start() - 1) : match.start()] not in ("", "\n"):
        return False
    sure = len(match[1]) == 2 or scan.character(match.end()) == ":"  # 2.10 is a section
    return sure and not int(match[2]) % 5 and bool(_ITEM_AHEAD.match(scan.text, match.end()))


def _hours(match: re.Match[str], scan: Scan) -> str | None:
    """14h and um 14 h are times of day; 24 h is a duration."""
    glued = " " not in match[0]
    if int(match[1]) > 24 or not (glued or scan.left.lower() in _HOUR_WORDS):
        return None
    return f"{cardinal(int(match[1]), 'f')} Auer"


_RATIOS = frozenset("moossstaf mossstab massstab verhältnis relatioun proportioun".split())
_WORD_BEFORE = re.compile(r"([^\W\d_][\w'-]*)[:.,;(]{0,2} ?\Z")
_ITEM_AHEAD = re.compile(r"(?::| [-–]?) ?[^\W\d_a-zäëéöü]")
_MEASURED = re.compile(rf" ?(?:{UNIT}|{MILLION})(?![\w²³])")
_AMOUNT = re.compile(
    r" (?:Prozent|Promill|Grad|M[oi]l|mol|Punkte?n?|Milli\w+|\w{0,6}[Mm]eter|Kilo\w*|Liter|Tonne?n?|"
    r"Sekonne?n?|op \d+)(?!\w)"
)
_SPAN_AHEAD = re.compile(r"(?: ?[-–] ?| bis (?:ëm |um )?)(\d{1,2})[.:h][0-5]\d(?!\d|[.,]\d)")
LABELLED = frozenset(
    "nummer nr numero kanal klass artikel säit kapitel saal linn formel partie etapp plaz teil deel band gläis tour "
    "punkt abschnitt paragraph phas niveau zëmmer gate versioun version grupp".split()
)  # after these words stands the name of a thing

# (rule, pattern at the first digit, reader); the first that returns words wins.
RULES = (
    ("date", r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])", _iso),
    ("date", rf"{_DAY}\. ?{_MONTH_NUMBER}\. ?(\d{{4}})(?!\d)", _dotted),
    ("date", rf"{_DAY}\.{_MONTH_NUMBER}\.(\d{{2}})(?![\d.])", _dotted),
    ("date", rf"{_DAY}\.{_MONTH_NUMBER}\.(?!\d)", _day_and_month),
    ("date", rf"{_DAY}\.(0[1-9]|1[0-2])(?![\d.,:])", _day_and_month_without_point),
    ("date", rf"{_DAY}/{_MONTH_NUMBER}/(\d{{4}}|\d\d)(?![\d/])", _stroke),
    ("date", rf"{_DAY}/{_MONTH_NUMBER}(?![\d/])", _stroke_without_year),
    ("date", rf"{_DAY}\.?(?= ?{MONTH})", _with_month),
    ("date", rf"{_DAY}\.?(?= ?{LOWER_MONTH})", _with_lower_month),
    ("date", rf"{_DAY}\.(?= ?[-–/] ?\d{{1,2}}\. ?{MONTH})", _with_month),
    ("date", rf"{_DAY}\.(?= (?:an?|bis|oder|och)(?: de[nm]?| zum| am)? \d{{1,2}}\. ?{MONTH})", _with_month),
    ("decade", r"(\d{1,4})['-]?er(?!\w)", _decade),
    ("decade", r"(\d0|\d{3}0)['-]?s(?!\w)", _decade),
    ("time", r"(\d{1,2})[:.]([0-5]\d)(?:[:.]([0-5]\d))? ?(?:Auer|h)(?!\w)", _clock),
    ("time", r"([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:]|[. ']\d{3}(?!\d))", _clock),
    ("time", r"(\d{1,2})\.([0-5]\d)()(?!\d|[.,]\d)", _pointed_clock),
    ("time", r"(\d{1,2}) ?h ?([0-5]\d)()(?!\w)", _clock),
    ("time", r"(\d{1,2}) ?h(?![\w/])", _hours),
    ("year", r"(\d{4})/(\d{2})(?![\d/])", _school_year),
    ("year", r"(1[1-9]\d\d|20\d\d)(?![\d.,:/]?\d)(?! \d{3}(?!\d))", _year),
)
SHORT_YEAR = ("year", r"'(\d\d)(?![\d'])", _short_year)
SHORT_DECADE = ("decade", r"'(\d0)'?(?:er|s)(?!\w)", _decade)
