"""Telephone numbers, national identification numbers, bank accounts and other codes: by groups or digit by digit."""

from __future__ import annotations

import re

from moien.text.lb import grammar, units
from moien.text.lb.numbers import cardinal, digits, year
from moien.text.lb.reading import Scan

_LABEL = re.compile(
    r"(?:[Tt]el|TEL|[Tt]él|[Ff]ax|FAX|GSM|Handy|[Tt]elefon(?:snummer|nummer)?|Mobil|Hotline|WhatsApp|Noutruff|"
    r"Matricule?|Matrikel(?:nummer)?|Sozialversécherungsnummer|Kontonummer|📞|☎️?|☏|✆|📱|📠)[.:]{0,2} ?\Z"
)
_CALLED = frozenset("nummer numero uruffen ruffen rufft telefon".split())
_GROUPS = re.compile(r"\d+")
_MOBILE = re.compile(r"6[0-9]1([ ./-]?)\d{3}\1\d{3}(?!\d)")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3})+")
_FEWEST, _FEWEST_LABELLED, _MOST = 8, 5, 12  # digits
_IBAN = re.compile(r"\d{2}(?: ?\d{4}){3,6}(?: ?\d{1,3})?(?![\d])")
_CODE = re.compile(r"\d{5,}")
_LONG_CODE = 9  # digits without separators, and not round: nobody writes such an amount
_ROUND = re.compile(r"\d+?000(?!\d)")

PATTERN = r"(?:\+|00)?\(?\d{1,6}\)?(?>(?:[ ./-]{0,2}\(?\d{1,9}\)?){1,9})(?!\d)"
MATRICULE = r"(?:19|20)\d\d ?(?:0[1-9]|1[0-2]) ?(?:0[1-9]|[12]\d|3[01]) ?\d{3} ?\d\d(?!\d)"
BARE = r"\d{6,15}(?![\d.,]?\d)"


def read_phone(match: re.Match[str], scan: Scan) -> str | None:
    """A telephone number: groups of two digits as numbers, other groups digit by digit."""
    text = match[0]
    count = sum(map(str.isdecimal, text))
    labelled = bool(_LABEL.search(scan.text[max(0, match.start() - 28) : match.start()]))
    international = text.startswith(("+", "00", "(+"))
    if not (labelled or international):
        if not _is_phone(match, scan, count):
            return None
    elif count < (_FEWEST_LABELLED if labelled else _FEWEST):
        return None
    groups = [
        cardinal(int(group)) if len(group) == 2 and group[0] != "0" else digits(group)
        for group in _GROUPS.findall(text)
    ]
    return ("plus " if "+" in text[:2] else "") + " ".join(groups)


def _is_phone(match: re.Match[str], scan: Scan, count: int) -> bool:
    """A mobile number of Luxembourg, or groups that are no thousands: 691 555 012, 500 552 1."""
    text, end = match[0], match.end()
    if not 7 <= count <= _MOST or _measured(scan.text, end):
        return False
    if _MOBILE.fullmatch(text):
        return True
    groups = text.split(" ")
    plain = len(groups) > 2 and all(map(str.isdecimal, groups)) and max(map(len, groups)) <= 4
    if not plain or _THOUSANDS.fullmatch(text):
        return False
    return _called(scan) or (
        max(map(len, groups)) == 3 and min(map(len, groups)) < 3 and not grammar.noun_after(scan.text, end)
    )


def _called(scan: Scan) -> bool:
    """Whether the words before a number are those before a telephone number: iwwert den …, rufft …"""
    left, before = scan.left.lower(), scan.before.lower()
    return left in _CALLED or (left in ("den", "der") and before in ("iwwert", "iwwer", "ënner"))


def _measured(text: str, end: int) -> bool:
    return bool(_UNIT_AHEAD.match(text, end)) or bool(grammar.COUNTED.match(text, end))


_UNIT_AHEAD = re.compile(rf" ?(?:{units.UNIT}|{units.MILLION})(?![\w²³])|,\d")


def read_code(match: re.Match[str], scan: Scan) -> str | None:
    """Nine digits or more without separators are a code, unless they are round or an amount of something; fewer only
    after the words for a telephone number or after one letter."""
    letter = len(scan.left) == 1 and scan.left.isupper()  # RC B 123456
    if len(match[0]) < _LONG_CODE and not (letter or _called(scan)):
        return None
    if _ROUND.fullmatch(match[0]) or _measured(scan.text, match.end()):
        return None
    return digits(match[0])


def read_matricule(match: re.Match[str], _: Scan) -> str:
    """The number of a person, which begins with the day of birth: digit by digit."""
    return digits(match[0].replace(" ", ""))


def read_postcode(match: re.Match[str], _: Scan) -> str:
    """L-1930 like the year."""
    return year(int(match[0]))


def read_after_letters(scan: Scan, at: int) -> re.Match[str] | None:
    """Digits directly after letters that are read one by one: an account number (LU28 0019 …) or a code "
    "(LU12345678)."""
    if not scan.character(at - 1).isalpha():
        return None
    return _IBAN.match(scan.text, at) or _CODE.match(scan.text, at)
