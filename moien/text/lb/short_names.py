"""Short names of days of the week and of months: Mo-Fr, Sa. 9-12 Auer, Dez. 2024, Jan.-Mäe."""

from __future__ import annotations

import re

from moien.text.lb import grammar
from moien.text.lb.grammar import MONTH, MONTHS, SHORT_MONTHS
from moien.text.lb.reading import Part, Scan, in_words

WEEKDAYS = {
    short: day
    for day, shorts in {
        "Méindeg": "Mo Mé Méi Méin",
        "Dënschdeg": "Di Dë Dën Dëns",
        "Mëttwoch": "Mi Më Mët Mëtt",
        "Donneschdeg": "Do Don Donn",
        "Freideg": "Fr Fre Frei",
        "Samschdeg": "Sa Sam Sams",
        "Sonndeg": "So Son Sonn",
    }.items()
    for short in shorts.split()
}
_SHORT_DAY = f"(?:{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})"
# A short day stands before another short day, a time or a date.
_DAY_PATTERN = re.compile(
    rf"({_SHORT_DAY})(?:"
    rf"\.?(?= ?[-–/+&,] ?{_SHORT_DAY}(?!\w)| bis {_SHORT_DAY}(?!\w))|"  # Mo-Fr
    rf"\.(?= (?:an?|oder) {_SHORT_DAY}(?!\w))|"  # Sa. a So.
    rf"\.?(?=:?[ \n]?\d{{1,2}}(?:[.:h][0-5]\d(?!\d)| ?[-–] ?\d{{1,2}}(?:[.:h][0-5]\d| ?Auer|h)|h| Auer))|"  # Sa 9-12h
    rf"[.,]{{1,2}}(?= ?\d{{1,2}}(?:\.\d{{1,2}}\.|\. ?{MONTH})))"  # Fr. 28.11.
)
_LATER_DAY = re.compile(rf"{_SHORT_DAY}\.? ?(?:[-–/+&,]|bis|an?|oder) ?\Z")
_LAST_DAY = re.compile(rf"({_SHORT_DAY})(?![\w'])\.?")
_LONG_DAY = f"(?:{'|'.join(dict.fromkeys(WEEKDAYS.values()))})"
_DAYS_RANGE = re.compile(rf"{_LONG_DAY}(?= ?[-–] ?{_LONG_DAY}(?!\w))")
_ANY_DAY = re.compile(rf"(?:{_SHORT_DAY}|{_LONG_DAY})(?![\w'])")
_MONTH_PATTERN = re.compile(rf"({'|'.join(sorted(SHORT_MONTHS, key=len, reverse=True))})(?![\w'])\.?")
_FIRST_LETTERS = {name[:2] for name in (*WEEKDAYS, *SHORT_MONTHS, *MONTHS)}
_ANY_MONTH = re.compile(MONTH)
_MONTHS_RANGE = re.compile(rf"(?:{'|'.join(MONTHS)})(?= ?[-–] ?{MONTH})")
_YEAR_AHEAD = re.compile(r" ?(?:[12]\d{3}(?!\d)|'\d\d(?!\d))")
_MONTH_AHEAD = re.compile(rf" ?(?:[-–/]|bis|an?|oder) ?{MONTH}")
_LATER_MONTH = re.compile(rf"{MONTH}\.? ?(?:[-–/]|bis|an?|oder) ?\Z")
_MONTH_WORDS = frozenset("am enn ufank mëtt abanns zënter zanter bis ab vum".split())


def read_name(scan: Scan, at: int) -> Part | None:
    """The short name of a day of the week or of a month (Fr., Dez.) in full; None elsewhere."""
    text = scan.text
    if text[at : at + 2] not in _FIRST_LETTERS:
        return None
    if day := _DAY_PATTERN.match(text, at):
        return in_words(day.end(), "weekday", WEEKDAYS[day[1]])
    if (
        "weekday" in scan.seen
        and _LATER_DAY.search(text[max(0, at - 12) : at])
        and (day := _LAST_DAY.match(text, at))
    ):
        return in_words(_without_stop(scan, day), "weekday", WEEKDAYS[day[1]])
    if days := _DAYS_RANGE.match(text, at):
        return in_words(days.end(), "weekday", days[0])
    if months := _MONTHS_RANGE.match(text, at):
        return in_words(months.end(), "date", months[0])
    if not (month := _MONTH_PATTERN.match(text, at)):
        return None
    pointed = month[0][-1] == "."
    if (
        scan.part.rule == "date"
        or _YEAR_AHEAD.match(text, month.end())
        or (_MONTH_AHEAD.match(text, month.end()) and pointed)
        or _LATER_MONTH.search(text[max(0, at - 16) : at])
        or (pointed and month[1] != "Aug" and scan.left.lower() in _MONTH_WORDS)  # am Aug: in the eye
    ):
        return in_words(_without_stop(scan, month), "date", SHORT_MONTHS[month[1]])
    return None


def joins_names(scan: Scan, at: int) -> bool:
    """Whether the dash at `at` stands between two days or months: Mo-Fr, Jan.-Mäe."""
    if scan.part.rule not in ("weekday", "date") or scan.part.end < at - 1:
        return False
    following = scan.text[at + 1 : at + 20].lstrip()
    return bool((_ANY_DAY if scan.part.rule == "weekday" else _ANY_MONTH).match(following))


def _without_stop(scan: Scan, match: re.Match[str]) -> int:
    """The end of an abbreviation, without a point that ends the sentence."""
    return match.end() - (match[0][-1] == "." and grammar.ends_sentence(scan.text, match.end()))
