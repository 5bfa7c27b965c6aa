"""Dates, years, decades and times of day. Each reader takes a match and the scan and returns words or None."""

from __future__ import annotations

import re

from moien.text.lb import grammar
from moien.text.lb.grammar import MONTH, MONTHS
from moien.text.lb.numbers import AND, EN, cardinal, ordinal, tens, year
from moien.text.lb.reading import Scan
from moien.text.lb.units import UNIT

_DAY, _MONTH_NUMBER = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"
_HOUR_WORDS = frozenset("um ëm vun vu bis géint no virun viru tëscht tëschent ab zënter zanter".split())


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
    """24.2. is a date only after a word that goes with dates; elsewhere 11.5 may end a sentence."""
    if scan.left.lower() not in grammar.SURE and scan.left.lower() not in ("bis", "op", "a", "an"):
        return None
    return f"{ordinal(int(match[1]), EN)} {ordinal(int(match[2]), EN)}"


def _stroke(match: re.Match[str], _: Scan) -> str:
    return _named(match[1], match[2], match[3])


def _stroke_without_year(match: re.Match[str], scan: Scan) -> str | None:
    return _named(match[1], match[2], "").strip() if scan.left.lower() in grammar.SURE else None


def _with_month(match: re.Match[str], _: Scan) -> str:
    return ordinal(int(match[1]), EN)


def _decade(match: re.Match[str], _: Scan) -> str:
    return tens(int(match[1]))


def _short_year(match: re.Match[str], scan: Scan) -> str:
    return cardinal(int(match[1])) if match[1][0] != "0" else _in_year(match[1])


def _school_year(match: re.Match[str], _: Scan) -> str:
    return f"{year(int(match[1]))} {_in_year(match[2])}"


def _year(match: re.Match[str], scan: Scan) -> str | None:
    if grammar.COUNTED.match(scan.text, match.end()) or _MEASURED.match(scan.text, match.end()):
        return None
    return year(int(match[1]))


def _clock(match: re.Match[str], _: Scan) -> str | None:
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if hour > 24 or minute > 59 or second > 59:
        return None
    words = f"{cardinal(hour, 'f')} Auer"
    if minute or second:
        words += f" {cardinal(minute)}"
    return words + (
        f" {AND} {cardinal(second, 'f')} {'Sekonn' if second == 1 else 'Sekonn' + EN}" if second else ""
    )


def _hours(match: re.Match[str], scan: Scan) -> str | None:
    """14h and um 14 h are times of day; 24 h is a duration."""
    glued = " " not in match[0]
    if int(match[1]) > 24 or not (glued or scan.left.lower() in _HOUR_WORDS):
        return None
    return f"{cardinal(int(match[1]), 'f')} Auer"


_MEASURED = re.compile(rf" ?{UNIT}(?![\w²³])")

# (rule, pattern at the first digit, reader); the first that returns words wins.
RULES = (
    ("date", r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])", _iso),
    ("date", rf"{_DAY}\. ?{_MONTH_NUMBER}\. ?(\d{{4}})(?!\d)", _dotted),
    ("date", rf"{_DAY}\.{_MONTH_NUMBER}\.(\d{{2}})(?![\d.])", _dotted),
    ("date", rf"{_DAY}\.{_MONTH_NUMBER}\.(?!\d)", _day_and_month),
    ("date", rf"{_DAY}/{_MONTH_NUMBER}/(\d{{4}}|\d\d)(?![\d/])", _stroke),
    ("date", rf"{_DAY}/{_MONTH_NUMBER}(?![\d/])", _stroke_without_year),
    ("date", rf"{_DAY}\.?(?= ?{MONTH})", _with_month),
    ("date", rf"{_DAY}\.(?= ?[-–/] ?\d{{1,2}}\. ?{MONTH})", _with_month),
    ("date", rf"{_DAY}\.(?= (?:an?|bis|oder|och)(?: de[nm]?| zum| am)? \d{{1,2}}\. ?{MONTH})", _with_month),
    ("decade", r"(\d{2}|\d{3}0)['-]?(?:er|s)(?!\w)", _decade),
    ("time", r"(\d{1,2})[:.]([0-5]\d)(?:[:.]([0-5]\d))? ?(?:Auer|h)(?!\w)", _clock),
    ("time", r"([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])", _clock),
    ("time", r"(\d{1,2}) ?h ?([0-5]\d)()(?!\w)", _clock),
    ("time", r"(\d{1,2}) ?h(?![\w/])", _hours),
    ("year", r"(\d{4})/(\d{2})(?![\d/])", _school_year),
    ("year", r"(1[1-9]\d\d|20\d\d)(?![\d.,:/]?\d)(?! \d{3}(?!\d))", _year),
)
SHORT_YEAR = ("year", r"'(\d\d)(?![\d'])", _short_year)
SHORT_DECADE = ("decade", r"'(\d0)'?(?:er|s)(?!\w)", _decade)
