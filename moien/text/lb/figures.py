"""Readings that begin with a digit: dates (`dates`), telephone numbers (`telephone`), money, units, fractions, scores,
ordinals, numbers."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from moien.text.lb import dates, grammar, telephone, units
from moien.text.lb.dates import LABELLED
from moien.text.lb.genders import gender
from moien.text.lb.numbers import AND, EN, JOINT, and_a_half, cardinal, digits, fraction, ordinal
from moien.text.lb.reading import Part, Scan, in_words
from moien.text.lb.units import CURRENCY, MILLION, PER, UNIT

Reader = Callable[[re.Match[str], Scan], str | None]

# Possessive quantifiers: a run of a million digits is read once. 5.233  40 000  1'000  1,000,000  18,33  118.1
# Groups are atomic, not possessive: Python 3.11.2 continues at a wrong place after a possessive group fails half-way.
WHOLE = (
    r"(?:[1-9]\d{0,2}(?:(?>(?:\.\d{3}(?!\d))+)|(?>(?: \d{3}(?!\d))+)|(?>(?:'\d{3}(?!\d))+)|"
    r"(?>(?:,\d{3}(?!\d)){2,})|(?>(?:,\d{3}(?!\d))+)(?=\.\d\d(?!\d)))|\d++)"
)
NUMBER = rf"({WHOLE})(?>(?:,(\d++)(?!,\d))?)"
_LONGEST = 15  # digits; longer numbers have no name, and Python's int refuses 4300 digits
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


def number(whole: str, decimals: str | None, kind: str = "", mark: str = ",") -> str | None:
    """The words of a number with or without decimals, `kind` is its gender; None for a code (007) and for a "
    "number that is too long."""
    value = integer(whole)
    if value is None or (len(whole) > 1 and whole[0] == "0"):
        return None
    if decimals:
        return f"{cardinal(value)} {'Punkt' if mark == '.' else 'Komma'} {digits(decimals)}"
    return cardinal(value, kind)


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
    per = units.per(match) if "per" in match.re.groupindex else ""
    if not euros and small and currency in units.CENTS:
        return f"{cardinal(small, 'm')} Cent{per}"
    return f"{cardinal(euros, 'm')} {currency}" + (f" {cardinal(small)}" if small else "") + per


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
    glued = scan.text[match.start("unit") - 1].isdecimal()
    if glued and len(sign) == 1 and sign.isupper():  # 1316W is a name, 60 W a power
        return None
    words = _counted(match, units.unit(sign))
    return None if words is None else words + units.per(match)


def _metres(match: re.Match[str], _: Scan) -> str:
    """1m80 ee Meter achtzeg."""
    return f"{cardinal(int(match[1]), 'm')} Meter {cardinal(int(match[2]))}"


def _duration(match: re.Match[str], _: Scan) -> str:
    """2 h 15 min is a duration, 2h15 a time of day."""
    hours, minutes = (
        f"{cardinal(int(count), 'f')} {words.one if int(count) == 1 else words.many}"
        for count, words in ((match[1], units.unit("h")), (match[2], units.unit("min")))
    )
    return f"{hours} {minutes}"


def _percent(match: re.Match[str], _: Scan) -> str:
    """100%eg honnertprozenteg."""
    return f"{cardinal(int(match[1]))}{JOINT}prozenteg{match[2] or ''}"


def _scale(match: re.Match[str], _: Scan) -> str | None:
    """A map's scale, 1:50.000."""
    right = integer(match[1])
    return None if right is None else f"eent zu {cardinal(right)}"


def _score(match: re.Match[str], _: Scan) -> str | None:
    left, right = integer(match[1]), integer(match[2])
    return None if left is None or right is None else f"{cardinal(left)} zu {cardinal(right)}"


def _fraction(match: re.Match[str], scan: Scan) -> str | None:
    whole, above, below = integer(match[1] or "0"), int(match[2]), int(match[3])
    usual = 2 <= below <= 12 or below in (16, 20, 32, 50, 64, 100, 1000)
    if whole is None or not 0 < above < below or not usual or match[2][0] == "0":
        return None
    return _mixed(whole, above, below, match["unit"], scan, match.end())


def _vulgar(match: re.Match[str], scan: Scan) -> str | None:
    whole = integer(match[1] or "0")
    return None if whole is None else _mixed(whole, *_VULGAR[match[2]], match["unit"], scan, match.end())


def _mixed(whole: int, above: int, below: int, sign: str | None, scan: Scan, end: int) -> str:
    """A whole number and a fraction, of the unit with this sign or of the noun that follows."""
    measured = units.unit(sign) if sign else None
    after = "" if measured is None else f" {measured.many if whole > 1 else measured.one}"
    if (above, below) != (1, 2):
        part = fraction(above, below)
        return (f"{cardinal(whole)} {AND} {part}" if whole else part) + after
    if whole:
        return and_a_half(whole) + after
    kind = measured.gender if measured else gender(grammar.noun_after(scan.text, end))
    return {"f": "eng hallef", "m": "en hallwe" + EN[-1], "n": "en halleft", "": "en hallef"}[kind] + after


def _suffixed(match: re.Match[str], _: Scan) -> str | None:
    """2ten, 20ste: an ordinal with its ending."""
    value = integer(match[1])
    ending = {"te": EN, "ten": EN, "ter": "er", "ste": EN, "sten": EN, "ster": "er", "st": ""}[match[2]]
    return None if value is None else ordinal(value, ending)


_FRENCH = (
    "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième "
    "douzième treizième "
    "quatorzième quinzième seizième dix-septième dix-huitième dix-neuvième vingtième vingt-et-unième"
).split()
_FRENCH_WORDS = frozenset("le la les du au un une l' ce cette".split())
_MONTH_AHEAD = re.compile(rf" (?:{grammar.MONTH}|{grammar.LOWER_MONTH})")


def _french_ordinal(match: re.Match[str], scan: Scan) -> str | None:
    """1er, 2e, 3ème: in French before a word with a small letter (1er étage), else as a Luxembourgish ordinal."""
    return french_ordinal(int(match[1]), match[2], scan, match.end())


def french_ordinal(value: int, written: str, scan: Scan, end: int) -> str | None:
    """The ordinal of a value with a French ending that ends at `end`; None if they do not go together."""
    if (value == 1) != (written in ("er", "ᵉʳ", "ère", "re")):
        return None
    if _MONTH_AHEAD.match(scan.text, end):
        return ordinal(value, EN)
    noun = _noun(scan.text, end)
    article = scan.left.lower()
    french = article in _FRENCH_WORDS or not noun[:1].isupper()
    if french and 0 < value <= len(_FRENCH):
        return "première" if written in ("ère", "re") else _FRENCH[value - 1]
    ending = grammar.ordinal_ending(article, noun)
    return ordinal(value, grammar.bare_ending(noun) if ending is None else ending)


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
    ending = _ending(scan, match.end(), long=len(match[1]) > 3)
    if ending is None:
        return None
    scan.ending = ending
    return ordinal(int(match[1]), ending)


def _plain(match: re.Match[str], scan: Scan) -> str | None:
    kind = "" if match[2] else gender(grammar.noun_after(scan.text, match.end()))
    if scan.left.lower().strip(".") in LABELLED or scan.character(match.start() - 1).isalpha():
        kind = ""  # Nummer 1, Kanal 2, A1
    return number(match[1], match[2], kind)


def _list_item(match: re.Match[str], scan: Scan) -> str | None:
    """The number of a line of a list: the lines before or after have the numbers before or after."""
    value, lines = int(match[1]), numbered_lines(scan.text)
    return cardinal(value) if {value - 1, value + 1} & lines or {1, 2} <= lines else None


@functools.lru_cache(maxsize=4)
def numbered_lines(text: str) -> frozenset[int]:
    """The numbers at the start of the lines of a text: 1. Gromperen ⏎ 2. Zwiwwelen."""
    return frozenset(int(match[1]) for match in _LINE_NUMBER.finditer(text)) if "\n" in text else frozenset()


_LINE_NUMBER = re.compile(r"(?:\A|(?<=\n))(\d{1,3})[.)] ?(?=[^\s\d])")


_OF = rf"(?: ?(?P<unit>{UNIT})(?![\w/²³]))?"
_N = rf"(?P<whole>{WHOLE})(?>(?:(?P<mark>[,.])(?P<decimals>\d++)(?!,\d))?)"
# Characters that may follow the first digits of a rule. Other rules are not tried, which saves most of the time.
_MEASURES = " .,'" + "".join(
    sign[0] for table in (units.UNITS, units.CURRENCIES, units.MILLIONS) for sign in table
)
_LONG_RULES = frozenset(("digits", "postcode", "year"))
_BEHIND = {
    "date": ".-/ ",
    "decade": "'-es",
    "time": ":. h",
    "score": ":",
    "percent": " %",
    "ordinal": ".-steèérᵉ",
    "decimal": ".",
    "list": ".)",
    "phone": " ./-()",
    "fraction": " /⁄" + "".join(_VULGAR),
    "money": _MEASURES,
    "unit": _MEASURES,
}
_RULES: tuple[tuple[str, re.Pattern[str], Reader], ...] = tuple(
    (rule, re.compile(pattern), reader)
    for rule, pattern, reader in (
        ("digits", telephone.MATRICULE, telephone.read_matricule),
        ("phone", telephone.PATTERN, telephone.read_phone),
        ("digits", telephone.BARE, telephone.read_code),
        ("postcode", r"(?<=L-)\d{4}(?!\d)", telephone.read_postcode),
        ("unit", r"(\d{1,3}) ?(?:h|Std\.?) ?(\d{1,2}) ?(?:min|Min\.?|mn)(?!\w)", _duration),
        ("unit", r"(\d)m(\d\d)(?!\w)", _metres),
        ("percent", r"(\d{1,3}) ?%-?[ei]g(e[rn]?|t)?(?!\w)", _percent),
        ("score", rf"1:({WHOLE})(?<=\d{{3}})(?![\d:])", _scale),
        ("ordinal", r"(\d{1,2})(er|ᵉʳ|ère|re|e|ᵉ|i?ème|eme|ᵉᵐᵉ)(?!\w)", _french_ordinal),
        *dates.RULES,
        (
            "money",
            rf"(?P<currency>{CURRENCY}) ?(?P<whole>{WHOLE})[,.](?P<cents>\d\d|[-–—]{{1,2}})(?!\w)",
            _money,
        ),
        ("money", rf"(?P<currency>{CURRENCY}) ?{_N}(?: ?(?P<million>{MILLION}))?", _money_before),
        (
            "money",
            rf"(?P<whole>{WHOLE})[,.](?P<cents>\d\d|[-–—]{{1,2}}) ?(?P<currency>{CURRENCY}){PER}(?![\w/])",
            _money,
        ),
        ("money", r"(?P<whole>\d{1,6})(?P<currency>€)(?P<cents>\d\d)(?!\w)", _money),
        ("money", rf"{_N} ?(?P<million>{MILLION}) ?(?P<unit>{CURRENCY})(?!\w)", _millions),
        ("unit", rf"{_N} ?(?P<million>{MILLION})(?:(?<=\.)|(?!\w))(?: ?(?P<unit>{UNIT})(?!\w))?", _millions),
        ("unit", rf"{_N} ?(?P<unit>{UNIT}){PER}(?![\w/²³])", _measure),
        ("score", r"(\d{1,4}):(\d{1,4})(?![\d:])", _score),
        ("fraction", rf"(?:(\d{{1,4}}) )?(\d{{1,3}})[/⁄](\d{{1,4}})(?![\d/]){_OF}", _fraction),
        ("fraction", rf"(\d{{1,6}})? ?([{''.join(_VULGAR)}]){_OF}", _vulgar),
        ("ordinal", r"(\d{1,9})-?(ten|ter|te|sten|ster|ste|st)(?!\w)", _suffixed),
        ("list", r"(?:\A|(?<=\n))(\d{1,3})(?=[.)] ?[^\s\d])", _list_item),
        ("ordinal", r"(\d{1,4})\.(?!\d)", _ordinal),
        ("cardinal", rf"{NUMBER}(?!\.\d)", _plain),
        ("decimal", r"\d++(?>(?:\.\d++){1,9})", _dotted_number),
        ("cardinal", NUMBER, _plain),
    )
)


@functools.lru_cache(maxsize=1024)
def _rules_for(behind: str, long: bool) -> tuple[tuple[str, re.Pattern[str], Reader], ...]:
    """The rules for a character behind the first digits, of which there are four or more if `long`."""
    return tuple(
        row for row in _RULES if behind in _BEHIND.get(row[0], behind) and (long or row[0] not in _LONG_RULES)
    )


_SPECIAL = tuple(
    (rule, re.compile(pattern), reader) for rule, pattern, reader in (dates.SHORT_DECADE, dates.SHORT_YEAR)
)
_NEXT_ORDINAL = re.compile(r"(?: ?[-–/] ?| (?:an?|bis|oder)(?: (?:de[nmr]?|zum|am))? )\d{1,3}\. ?(\w+)")
_DIGITS = re.compile(rf"\d{{1,{_LONGEST}}}")
_RUN = re.compile(r"\d++")


def read_number(scan: Scan, at: int) -> list[Part]:
    """The parts at a digit, a currency sign before a digit, a vulgar fraction, or the + of a telephone number."""
    run = _RUN.match(scan.text, at)
    if code := telephone.read_after_letters(scan, at) if run else None:
        return [in_words(code.end(), "digits", digits("".join(filter(str.isdecimal, code[0]))))]
    for rule, pattern, reader in _rules_for(scan.character(run.end()), run.end() - at > 3) if run else _RULES:
        match = pattern.match(scan.text, at)
        if match and (words := reader(match, scan)) is not None:
            end = match.end()
            inside = scan.character(end) in ")]" or (rule == "date" and scan.text[end : end + 1] == "\n")
            if match[0].endswith(".") and not inside and grammar.ends_sentence(scan.text, end):
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


def _ending(scan: Scan, after: int, long: bool) -> str | None:
    """The ending of an ordinal whose point ends at `after`; None if it is no ordinal."""
    text, article = scan.text, scan.left.lower()
    if article in LABELLED:
        return None  # Artikel 1. vun
    noun = _noun(text, after)
    if long and not (article in grammar.ARTICLES and noun[:1].isupper()):
        return None  # 1984. is a year
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
    if later := _NEXT_ORDINAL.match(text, after):  # 2.-3. Klass
        return grammar.bare_ending(later[1]) if later[1][0].isupper() else EN
    if following.islower():
        return EN
    if following.isalpha() and (not article or article in grammar.JOINING):
        return grammar.bare_ending(noun)
    return None


_FOLLOWING = re.compile(r" ?([^\W\d_]\w{1,60})")


def _noun(text: str, after: int) -> str:
    match = _FOLLOWING.match(text, after)
    return match[1] if match else ""
