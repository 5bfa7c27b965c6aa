"""Digits, units, symbols and abbreviations → Luxembourgish words.

Modest on purpose: what is not sure is read in the plainest way (digit by digit), and nothing is left out.
The forms were checked against the LOD; a native speaker should hear: ranges with `bis`, `v. Chr.`, decimals.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from moien.text.lb import numbers
from moien.text.lb.numbers import EN, OPTIONAL_N, cardinal, ordinal, settle_n, year

_MONTHS = "Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember".split()
_MONTH = "|".join(_MONTHS)
_FEMININE = (
    "Auer|Stonne?n?|Minutte?n?|Sekonne?n?|Wochen?|Persoune?n?|Frae?n?|Milliarden?|Milliounen?|Säite?n?|Gemenge?n?|"
    "Tonne?n?|Schoule?n?|Stroosse?n?|Partie?n?|Joreszäite?n?|Etappe?n?|Halschente?n?|Strophe?n?"
)
_UNITS = {
    "km/h": "Kilometer an der Stonn", "km²": "Quadratkilometer", "m²": "Quadratmeter", "m³": "Kubikmeter",
    "km": "Kilometer", "cm": "Zentimeter", "mm": "Millimeter", "m": "Meter", "ha": "Hektar", "kg": "Kilogramm",
    "g": "Gramm", "ml": "Milliliter", "l": "Liter", "°C": "Grad Celsius", "°": "Grad", "%": "Prozent", "€": "Euro",
    "$": "Dollar", "£": "Pond", "MHz": "Megahertz", "Mrd.": "Milliarden", "Mio.": "Milliounen",
}  # fmt: skip
_UNIT = "|".join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))
_ABBREVIATIONS = tuple(
    (re.compile(rf"(?<![\w.]){pattern}(?!\w)"), words)
    for pattern, words in (
        (r"z\. ?B\.", "zum Beispill"), (r"d\. ?h\.", "dat heescht"), (r"asw\.", "an sou weider"),
        (r"etc\.", "etcetera"), (r"bzw\.", "beziehungsweis"), (r"resp\.", "respektiv"), (r"ca\.", "circa"),
        (r"Nr\.", "Nummer"), (r"Dr\.", "Dokter"), (r"Prof\.", "Professer"), (r"H\.(?= [A-ZÄËÉÖÜ])", "Här"),
        (r"Mme\.?", "Madamm"), (r"Str\.", "Strooss"), (r"v\. ?Chr\.", "viru Christus"),
        (r"n\. ?Chr\.", "no Christus"), (r"Chr\.", "Christus"), (r"km/h", "Kilometer an der Stonn"),
        (r"lat\.", "latäinesch"), (r"gr\.", "griichesch"), (r"arab\.", "arabesch"),
    )
)  # fmt: skip
_SYMBOLS = {
    "&": "an", "+": "plus", "=": "ass", "×": "mol", "§": "Paragraph", "†": "gestuerwen", "%": "Prozent",
    "€": "Euro", "$": "Dollar", "£": "Pond", "°": "Grad", "²": "am Quadrat", "³": "héich dräi", "@": "at",
    "<": "méi kleng wéi", ">": "méi grouss wéi", "½": "en hallef", "÷": "gedeelt duerch", "−": "minus",
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:[. ]\d{3})+(?!\d)|\d+)(?:,\d+)?"  # 5.233  40 000  18,33
_ALONE = r"(?<![\d.,])"
_WITH_EN = "den|de|dem|am|vum|zum|um|beim|nom|virum|mam|engem|sengem|hirem"
_WITH_ER = "der|enger|senger|hirer"
_BARE = "déi|eng|seng|hir|d'"


def speakable(text: str) -> str:
    """A clean text with every digit, unit and known symbol written as words (parts joined by `numbers.JOINT`)."""
    for pattern, words in _ABBREVIATIONS:
        text = pattern.sub(functools.partial(_in_full, words), text)
    for pattern, read in _RULES:
        text = pattern.sub(read, text)
    for symbol, words in _SYMBOLS.items():
        text = text.replace(symbol, f" {words} ")
    return " ".join(settle_n(text).split())


def _in_full(words: str, match: re.Match[str]) -> str:
    """An abbreviation; its point also ends the sentence that it is the last word of."""
    return words + ("." if match[0].endswith(".") and match.end() == len(match.string) else "")


def _integer(text: str) -> int:
    return int(re.sub("[. ]", "", text))


def _read(text: str, gender: str = "") -> str:
    """A number as it is written, with or without decimals."""
    whole, comma, decimals = text.partition(",")
    if comma:
        return f"{cardinal(_integer(whole))} Komma {numbers.digits(decimals)}"
    if len(whole) > 1 and whole[0] == "0":
        return numbers.digits(re.sub("[. ]", "", whole))
    if whole.isdecimal() and len(whole) == 4 and not gender:
        return year(int(whole))
    return cardinal(_integer(whole), gender)


def _date(match: re.Match[str]) -> str:
    day, month, in_year = (int(group) for group in match.groups())
    return f"{ordinal(day, EN)} {ordinal(month, EN)} {year(in_year)}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2] or 0)
    return f"{cardinal(hour, 'f')} Auer" + (f" {cardinal(minute)}" if minute else "")


def _money(match: re.Match[str]) -> str:
    return f"{cardinal(_integer(match[1]), 'm')} {_UNITS[match[3]]} {cardinal(int(match[2]))}"


def _measure(match: re.Match[str]) -> str:
    unit = _UNITS[match[2]]
    many = unit.startswith("Milli") and unit.endswith("en")
    words = _read(match[1], "f" if many else "m")
    return f"{words} {unit.removesuffix('en') if many and words == 'eng' else unit}"


def _counted(match: re.Match[str]) -> str:
    return cardinal(int(match[1]), "f" if re.fullmatch(_FEMININE, match[2]) else "m")


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"(?<![\w.])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?",
         lambda m: "-".join(m[0].replace(".", "").upper()) + " "),  # a.s.b.l.: letter by letter
        (r"\*(?=\s?\d)", lambda m: "gebuer "),
        (r"(?<!\w)[-−](?=\d)", lambda m: "minus "),
        (_ALONE + r"(0?[1-9]|[12]\d|3[01])\. ?(0?[1-9]|1[0-2])\. ?(\d{4})(?!\d)", _date),
        (_ALONE + r"(\d{2,4})er(?!\w)", lambda m: year(int(m[1])).replace(OPTIONAL_N, "n") + "er"),
        (_ALONE + r"(\d{1,2})(?:[:.](\d\d))? Auer(?!\w)", _time),
        (_ALONE + r"(\d{1,2}) ?h(?: ?([0-5]\d))?(?!\w)", _time),
        (_ALONE + r"([01]?\d|2[0-4]):([0-5]\d)(?![\d:])", _time),
        (_ALONE + r"(\d+):(\d+)(?!\d)", lambda m: f"{cardinal(int(m[1]))} zu {cardinal(int(m[2]))}"),
        (_ALONE + rf"([€$£]) ?({_NUMBER})", lambda m: f"{m[2]} {m[1]}"),
        (_ALONE + r"(\d{1,3}(?:[. ]\d{3})+|\d+),(\d\d) ?([€$£])", _money),
        (_ALONE + rf"({_NUMBER}) ?[-–—] ?(?=\d)", lambda m: f"{m[1]} bis "),
        (_ALONE + r"(\d{4})/(?=\d{2})", lambda m: f"{m[1]} "),
        (_ALONE + rf"(\d{{1,3}})\.(?= (?:{_MONTH}|Joerhonnert)(?!\w))", lambda m: ordinal(int(m[1]), EN)),
        (rf"(?i)(?<!\w)({_WITH_EN}) (\d{{1,3}})\.(?= \w)", lambda m: f"{m[1]} {ordinal(int(m[2]), EN)}"),
        (rf"(?i)(?<!\w)({_WITH_ER}) (\d{{1,3}})\.(?= \w)", lambda m: f"{m[1]} {ordinal(int(m[2]), 'er')}"),
        (rf"(?i)(?<!\w)({_BARE}) ?(\d{{1,3}})\.(?= \w)",
         lambda m: f"{m[1]}{'' if m[1].endswith(chr(39)) else ' '}{ordinal(int(m[2]))}"),
        (_ALONE + rf"({_NUMBER}) ?({_UNIT})(?!\w)", _measure),
        (_ALONE + r"([12])(?= ([A-ZÄËÉÖÜ]\w+))", _counted),
        (r"(?<=[^\W\d_])-?(?=\d)|(?<=\d)-?(?=[^\W\d_])", lambda m: " "),  # CR343A, K-5
        (_NUMBER, lambda m: _read(m[0])),
        (r"(?<=[^\W\d_])/(?=[^\W\d_])|(?<=\s)/(?=\s)", lambda m: ", "),
        (r"(?<=[a-zäëéöü])\.(?=[A-ZÄËÉÖÜ])", lambda m: ". "),  # a space was forgotten
        (rf"(?<=[\w{OPTIONAL_N}])\.(?=\w)|(?<!\S)\.(?=\w)", lambda m: " Punkt "),
    )
)  # fmt: skip
