"""Readings that begin with a digit: dates (`dates`), telephone numbers, money, units, fractions, scores, ordinals,
numbers."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from moien.text.lb import dates, grammar, units
from moien.text.lb.numbers import AND, EN, and_a_half, cardinal, digits, fraction, ordinal
from moien.text.lb.reading import Part, Scan, in_words
from moien.text.lb.units import CURRENCY, MILLION, UNIT

Reader = Callable[[re.Match[str], Scan], str | None]

# Possessive quantifiers: a run of a million digits is read once. 5.233  40 000  1'000  1,000,000  18,33  118.1
# Groups are atomic, not possessive: Python 3.11.2 continues at a wrong place after a possessive group fails half-way.
WHOLE = (
    r"(?:[1-9]\d{0,2}(?:(?>(?:\.\d{3}(?!\d))+)|(?>(?: \d{3}(?!\d))+)|(?>(?:'\d{3}(?!\d))+)|"
    r"(?>(?:,\d{3}(?!\d)){2,})|(?>(?:,\d{3}(?!\d))+)(?=\.\d\d(?!\d)))|\d++)"
)
NUMBER = rf"({WHOLE})(?>(?:,(\d++)(?!,\d))?)"
_LONGEST = 15  # digits; longer numbers have no name, and Python's int refuses 4300 digits
_LABEL = re.compile(r"(?:Tel|Tél|Fax|GSM|Handy|Telefon|Telefonsnummer|Mobil)[.:]{0,2} ?\Z")
_LABELLED = frozenset(
    "nummer nr numero kanal klass artikel säit kapitel saal linn formel partie etapp plaz teil deel band gläis tour "
    "punkt abschnitt paragraph phas niveau zëmmer gate versioun grupp".split()
)
_VULGAR = {
    "½": (1, 2),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "⅕": (1, 5),
    "⅖": (2, 5),
    "⅗": (3, 5),
    "⅘": (4, 5),
    "⅙": (1, 6),
    "⅚": (5, 6),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
}


def integer(written: str) -> int | None:
    """The value of an unsigned integer with or without separators; None if it is too long to have a name."""
    plain = re.sub(r"\D", "", written[: 2 * _LONGEST])
    return int(plain) if len(written) <= 2 * _LONGEST and len(plain) <= _LONGEST else None


def number(whole: str, decimals: str | None, gender: str = "", mark: str = ",") -> str | None:
    """The words of a number with or without decimals; None for a code (007) and for a number that is too long."""
    value = integer(whole)
    if value is None or (len(whole) > 1 and whole[0] == "0"):
        return None
    if decimals:
        return f"{cardinal(value)} {'Punkt' if mark == '.' else 'Komma'} {digits(decimals)}"
    return cardinal(value, gender)


def _phone(match: re.Match[str], scan: Scan) -> str | None:
    """A telephone number: groups of two digits as numbers, other groups digit by digit."""
    text = match[0]
    labelled = _LABEL.search(scan.text[max(0, match.start() - 20) : match.start()])
    if len(re.sub(r"\D", "", text)) < (5 if labelled else 8):
        return None
    if not labelled and not text.startswith(("+", "00")):
        return None
    groups = [
        cardinal(int(group)) if len(group) == 2 and group[0] != "0" else digits(group)
        for group in re.findall(r"\d+", text)
    ]
    return ("plus " if text[0] == "+" else "") + " ".join(groups)


def _counted(match: re.Match[str], words: units.Unit) -> str | None:
    """A number and a unit, in the same number and gender."""
    value = number(match["whole"], match["decimals"], words.gender, match["mark"] or "")
    if value is None:
        return None
    one = integer(match["whole"]) == 1 and not match["decimals"]
    return f"{value} {words.one if one else words.many}"


def _money(match: re.Match[str], _: Scan) -> str | None:
    """2,50 € zwee Euro fofzeg; 0,50 € fofzeg Cent; 5,- € fënnef Euro."""
    currency = units.unit(match["currency"]).one
    euros, cents = integer(match["whole"]), match["cents"]
    if euros is None:
        return None
    small = int(cents) if cents.isdecimal() else 0
    if not euros and small and currency in units.CENTS:
        return f"{cardinal(small, 'm')} Cent"
    return f"{cardinal(euros, 'm')} {currency}" + (f" {cardinal(small)}" if small else "")


def _money_before(match: re.Match[str], _: Scan) -> str | None:
    currency = units.unit(match["currency"]).one
    if match["million"]:
        words = _counted(match, units.millions(match["million"]))
        return f"{words} {currency}" if words else None
    value = number(match["whole"], match["decimals"], "m", match["mark"] or "")
    return f"{value} {currency}" if value else None


def _millions(match: re.Match[str], _: Scan) -> str | None:
    words = _counted(match, units.millions(match["million"]))
    if words is None:
        return None
    sign = match["unit"]
    return f"{words} {units.unit(sign).many}" if sign else words


def _measure(match: re.Match[str], scan: Scan) -> str | None:
    sign = match["unit"]
    glued = match[0][-len(sign) - 1].isdecimal() if not match["per"] else False
    if glued and len(sign) == 1 and sign.isupper():  # 1316W is a name, 60 W a power
        return None
    words = _counted(match, units.unit(sign))
    if words is None:
        return None
    return f"{words} {units.per(match['per'])}" if match["per"] else words


def _score(match: re.Match[str], _: Scan) -> str | None:
    left, right = integer(match[1]), integer(match[2])
    return None if left is None or right is None else f"{cardinal(left)} zu {cardinal(right)}"


def _fraction(match: re.Match[str], scan: Scan) -> str | None:
    whole, above, below = integer(match[1] or "0"), int(match[2]), int(match[3])
    usual = 2 <= below <= 12 or below in (16, 20, 32, 50, 64, 100, 1000)
    if whole is None or not 0 < above < below or not usual or match[2][0] == "0":
        return None
    return _mixed(whole, above, below, scan, match.end())


def _vulgar(match: re.Match[str], scan: Scan) -> str | None:
    whole = integer(match[1] or "0")
    return None if whole is None else _mixed(whole, *_VULGAR[match[2]], scan, match.end())


def _mixed(whole: int, above: int, below: int, scan: Scan, end: int) -> str:
    if (above, below) == (1, 2):
        if whole:
            return and_a_half(whole)
        gender = grammar.gender(grammar.noun_after(scan.text, end))
        return {"f": "eng hallef", "m": "en hallwe" + EN[-1], "": "en hallef"}[gender]
    part = fraction(above, below)
    return f"{cardinal(whole)} {AND} {part}" if whole else part


def _suffixed(match: re.Match[str], _: Scan) -> str | None:
    """2ten, 20ste: an ordinal with its ending."""
    value = integer(match[1])
    ending = {"te": EN, "ten": EN, "ter": "er", "ste": EN, "sten": EN, "ster": "er", "st": ""}[match[2]]
    return None if value is None else ordinal(value, ending)


def _dotted_number(match: re.Match[str], _: Scan) -> str | None:
    """118.1: after the point digit by digit. In a version (1.10.2) every part is a number."""
    first, *rest = match[0].split(".")
    if integer(first) is None or len(first) > _LONGEST:
        return None
    if len(rest) == 1 and len(rest[0]) == 3 and len(first) <= 3 and first[0] != "0":
        return None  # 5.233
    if len(rest) == 1:
        return f"{cardinal(int(first))} Punkt {digits(rest[0])}"
    parts = [
        digits(part) if len(part) > 3 or (part[0] == "0" and part != "0") else cardinal(int(part))
        for part in rest
    ]
    return " Punkt ".join([cardinal(int(first)), *parts])


def _ordinal(match: re.Match[str], scan: Scan) -> str | None:
    """An ordinal, a number with a point; None if the point ends a sentence."""
    ending = _ending(scan, match.end())
    if ending is None:
        return None
    scan.ending = ending
    return ordinal(int(match[1]), ending)


def _plain(match: re.Match[str], scan: Scan) -> str | None:
    gender = "" if match[2] else grammar.gender(grammar.noun_after(scan.text, match.end()))
    if scan.left.lower().strip(".") in _LABELLED:
        gender = ""  # Nummer 1, Kanal 2
    return number(match[1], match[2], gender)


_N = rf"(?P<whole>{WHOLE})(?>(?:(?P<mark>[,.])(?P<decimals>\d++)(?!,\d))?)"
# Characters that may follow the first digits of a rule. Other rules are not tried, which saves most of the time.
_MEASURES = " .,'" + "".join(
    sign[0] for table in (units.UNITS, units.CURRENCIES, units.MILLIONS) for sign in table
)
_BEHIND = {
    "date": ".-/ ",
    "decade": "'-es",
    "time": ":. h",
    "score": ":",
    "ordinal": ".-st",
    "decimal": ".",
    "phone": " ./-()",
    "fraction": " /⁄" + "".join(_VULGAR),
    "money": _MEASURES,
    "unit": _MEASURES,
}
_RULES: tuple[tuple[str, re.Pattern[str], Reader], ...] = tuple(
    (rule, re.compile(pattern), reader)
    for rule, pattern, reader in (
        ("phone", r"(?:\+|00)?\(?\d{1,6}\)?(?>(?:[ ./-]{0,2}\(?\d{1,9}\)?){1,9})(?!\d)", _phone),
        *dates.RULES,
        (
            "money",
            rf"(?P<currency>{CURRENCY}) ?(?P<whole>{WHOLE})[,.](?P<cents>\d\d|[-–—]{{1,2}})(?!\w)",
            _money,
        ),
        ("money", rf"(?P<currency>{CURRENCY}) ?{_N}(?: ?(?P<million>{MILLION}))?", _money_before),
        (
            "money",
            rf"(?P<whole>{WHOLE})[,.](?P<cents>\d\d|[-–—]{{1,2}}) ?(?P<currency>{CURRENCY})(?![\w/])",
            _money,
        ),
        ("money", rf"{_N} ?(?P<million>{MILLION}) ?(?P<unit>{CURRENCY})(?!\w)", _millions),
        ("unit", rf"{_N} ?(?P<million>{MILLION})(?:(?<=\.)|(?!\w))(?: ?(?P<unit>{UNIT})(?!\w))?", _millions),
        ("unit", rf"{_N} ?(?P<unit>{UNIT})(?: ?/ ?(?P<per>{UNIT}))?(?![\w/²³])", _measure),
        ("score", r"(\d{1,4}):(\d{1,4})(?![\d:])", _score),
        ("fraction", r"(?:(\d{1,4}) )?(\d{1,3})[/⁄](\d{1,4})(?![\d/])", _fraction),
        ("fraction", rf"(\d{{1,6}})? ?([{''.join(_VULGAR)}])", _vulgar),
        ("ordinal", r"(\d{1,9})-?(ten|ter|te|sten|ster|ste|st)(?!\w)", _suffixed),
        ("ordinal", r"(\d{1,3})\.(?!\d)", _ordinal),
        ("cardinal", rf"{NUMBER}(?!\.\d)", _plain),
        ("decimal", r"\d++(?>(?:\.\d++){1,9})", _dotted_number),
        ("cardinal", NUMBER, _plain),
    )
)


@functools.lru_cache(maxsize=1024)
def _rules_for(behind: str) -> tuple[tuple[str, re.Pattern[str], Reader], ...]:
    return tuple(row for row in _RULES if behind in _BEHIND.get(row[0], behind))


_SPECIAL = tuple(
    (rule, re.compile(pattern), reader) for rule, pattern, reader in (dates.SHORT_DECADE, dates.SHORT_YEAR)
)
_NEXT_ORDINAL = re.compile(r"(?: ?[-–/] ?| (?:an?|bis|oder)(?: (?:de[nmr]?|zum|am))? )\d{1,3}\. ?\w")
_DIGITS = re.compile(rf"\d{{1,{_LONGEST}}}")
_RUN = re.compile(r"\d++")
_NUMERIC = frozenset(
    "phone date decade time year money unit score fraction ordinal decimal cardinal digits".split()
)
_RANGE = re.compile(r" ?[-–—~] ?(?=['\d])")
_LEFT_NUMBER = re.compile(r"(?:(\d[ -])|[^\d.,]|\A)(\d{1,15})\Z")
_RIGHT_NUMBER = re.compile(r"(\d{1,15})(?![\d]|[.,]\d)(-\d)?")


def read_number(scan: Scan, at: int) -> list[Part]:
    """The parts at a digit, a currency sign before a digit, a vulgar fraction, or the + of a telephone number."""
    run = _RUN.match(scan.text, at)
    for rule, pattern, reader in _rules_for(scan.character(run.end())) if run else _RULES:
        match = pattern.match(scan.text, at)
        if match and (words := reader(match, scan)) is not None:
            end = match.end()
            if match[0].endswith(".") and grammar.ends_sentence(scan.text, end):
                end -= 1  # at the end of a sentence the point of an abbreviation is a pause, too
            return [in_words(end, rule, words)]
    # Codes and numbers without a name: digit by digit, in groups.
    groups = _DIGITS.finditer(scan.text, at, run.end()) if run else ()
    return [in_words(group.end(), "digits", digits(group[0])) for group in groups]


def read_short(scan: Scan, at: int) -> list[Part]:
    """'48 and '80er at an apostrophe; [] if there is neither."""
    for rule, pattern, reader in _SPECIAL:
        if match := pattern.match(scan.text, at):
            return [in_words(match.end(), rule, reader(match, scan) or "")]
    return []


def read_range(scan: Scan, at: int) -> list[Part]:
    """The dash at `at` between two numbers: bis, or zu in scores."""
    if scan.part.rule not in _NUMERIC or scan.part.end < at - 1 or not (dash := _RANGE.match(scan.text, at)):
        return []
    left = _LEFT_NUMBER.search(scan.text[max(0, scan.part.end - 18) : scan.part.end])
    right = _RIGHT_NUMBER.match(scan.text, dash.end())
    if not left or not right:
        return [in_words(at + 1, "range", "bis")]
    low, high = int(left[2]), int(right[1])
    chain = left[1] or right[2]  # 978-3-16 and 49 00 11-1 are codes
    if low < high or (len(left[2]) == 4 and len(right[1]) == 2 and low % 100 < high):
        return [] if chain else [in_words(at + 1, "range", "bis")]
    return [in_words(at + 1, "score", "zu")] if max(low, high) <= 30 and not chain else []


def _ending(scan: Scan, after: int) -> str | None:
    """The ending of an ordinal whose point ends at `after`; None if it is no ordinal."""
    text, article = scan.text, scan.left.lower()
    if article in _LABELLED:
        return None  # Artikel 1. vun
    if article.endswith("d'") and len(article) == 2:
        article = "d'"
    noun = _noun(text, after)
    if grammar.ends_sentence(text, after):
        return grammar.ARTICLES[article] if article in grammar.SURE else None
    ending = grammar.ordinal_ending(article, noun)
    if ending is not None:
        return ending
    if scan.part.rule in ("ordinal", "date", "range") and article in ("", *grammar.JOINING, "-", "–"):
        return scan.ending
    if article in grammar.JOINING and scan.before.endswith(".") and scan.before[:-1].isdecimal():
        return scan.ending
    following = scan.character(after + 1) if scan.character(after) == " " else scan.character(after)
    if following.islower() or _NEXT_ORDINAL.match(text, after):
        return EN
    if following.isalpha() and (not article or article in grammar.JOINING):
        return grammar.bare_ending(noun)
    return None


_FOLLOWING = re.compile(r" ?([^\W\d_]\w{1,60})")


def _noun(text: str, after: int) -> str:
    match = _FOLLOWING.match(text, after)
    return match[1] if match else ""
