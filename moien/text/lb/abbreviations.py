"""Abbreviations that are read in full, and words in capitals that are not spelled."""

from __future__ import annotations

import re

from moien.text.lb.numbers import OPTIONAL_N as N

# Inside an abbreviation a space may follow each point.
_ALWAYS = {
    "z.B.": "zum Beispill",
    "z.b.": "zum Beispill",
    "d.h.": "dat heescht",
    "asw.": "an sou weider",
    "usw.": "an sou weider",
    "etc.": "etcetera",
    "bzw.": "beziehungsweis",
    "bzw": "beziehungsweis",
    "resp.": "respektiv",
    "ca.": "circa",
    "u.a.": "ënner anerem",
    "ë.a.": "ënner anerem",
    "evtl.": "eventuell",
    "event.": "eventuell",
    "vgl.": "vergläich",
    "cf.": "vergläich",
    "inkl.": "inklusiv",
    "max.": "maximal",
    "min.": "minimal",
    "vs.": "versus",
    "Nr.": "Nummer",
    "Nr": "Nummer",
    "Nrn.": "Nummeren",
    "Dr.": "Dokter",
    "Prof.": "Professer",
    "Ing.": "Ingenieur",
    "Dipl.": "Diplom",
    "Mme.": "Madamm",
    "Mme": "Madamm",
    "Mlle.": "Joffer",
    "Mlle": "Joffer",
    "MM.": "Messieurs",
    "Str.": "Strooss",
    "str.": "Strooss",
    "bvd.": "Boulevard",
    "Bde.": "Bänn",
    "Tel.": "Telefon",
    "Tél.": "Telefon",
    "Jh.": "Joerhonnert",
    "Jhdt.": "Joerhonnert",
    "Jh": "Joerhonnert",
    "v.Chr.": "viru Christus",
    "n.Chr.": "no Christus",
    "Chr.": "Christus",
    "geb.": "gebuer",
    "gest.": f"gestuerwe{N}",
    "lat.": "latäinesch",
    "gr.": "griichesch",
    "arab.": "arabesch",
    "engl.": "englesch",
    "frz.": "franséisch",
    "dt.": "däitsch",
    "ital.": "italieenesch",
    "lëtz.": "lëtzebuergesch",
    "Hrsg.": "Erausgeber",
    "Mio.": f"Millioune{N}",
    "Mrd.": f"Milliarde{N}",
    "Std.": f"Stonne{N}",
    "Jr.": "Junior",
    "p.ex.": "par exemple",
    "km/h": "Kilometer an der Stonn",
    "km²": "Quadratkilometer",
    "m²": "Quadratmeter",
    "m³": "Kubikmeter",
    "m/s": "Meter an der Sekonn",
    "km": "Kilometer",
    "cm": "Zentimeter",
    "mm": "Millimeter",
    "kg": "Kilogramm",
    "kWh": f"Kilowattstonne{N}",
    "kW": "Kilowatt",
    "MHz": "Megahertz",
    "GHz": "Gigahertz",
    "dB": "Dezibel",
    "CHF": "Schwäizer Frang",
    "EUR": "Euro",
}
WITHOUT_POINT = frozenset(written for written in _ALWAYS if not written.endswith("."))
_BEFORE_NUMBER = {
    "S.": "Säit",
    "p.": "Säit",
    "No.": "Nummer",
    "Art.": "Artikel",
    "Abs.": "Absatz",
    "Kap.": "Kapitel",
    "Sek.": "Sektioun",
    "Gr.": "Grupp",
    "Bd.": "Band",
    "Bd": "Band",
    "Tl.": "Deel",
}
_BEFORE_NAME = {
    "St.": "Sankt",
    "Ste.": "Sainte",
    "Hr.": "Här",
    "HH.": f"Häre{N}",
    "Av.": "Avenue",
    "Bd.": "Boulevard",
}
_LANGUAGES = {
    "de.": "däitsch",
    "fr.": "franséisch",
    "en.": "englesch",
    "lb.": "lëtzebuergesch",
}  # before a colon

MONTHS = {
    "Jan": "Januar",
    "Feb": "Februar",
    "Febr": "Februar",
    "Mäe": "Mäerz",
    "Abr": "Abrëll",
    "Apr": "Abrëll",
    "Jun": "Juni",
    "Jul": "Juli",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Okt": "Oktober",
    "Nov": "November",
    "Dez": "Dezember",
}

# Spoken as words, although by their letters they would be spelled.
_WORDS = frozenset(
    "NATO FIFA UEFA UNESCO UNICEF NASA ESA UNO OPEC AIDS SIDA COVID ASTA CEPS SARS PISA LUNEX LISER LIST SES EPO UFO "
    "ADEM ACEL UNEL ASTI SIP RADAR LASER INTERREG BENELUX EURO CERN IBAN PIN RAM LED VIP ZIP GIF JPEG POST".split()
) - {"SES", "LED", "VIP", "SIP", "LIST"}
_VOWELS = "AEIOUYÄËÉÖÜ"
_LIKE_A_WORD = re.compile(
    rf"[^{_VOWELS}]{{0,1}}[{_VOWELS}]{{1,2}}(?:[^{_VOWELS}]{{1,2}}[{_VOWELS}]{{1,2}}){{1,8}}[^{_VOWELS}]{{0,1}}"
)


def _alternatives(table: dict[str, str]) -> str:
    written = (
        r"\. ?".join(map(re.escape, row.removesuffix(".").split("."))) + r"\." * row.endswith(".")
        for row in table
    )
    return "|".join(sorted(written, key=len, reverse=True))


_PATTERN = re.compile(
    rf"(?P<always>{_alternatives(_ALWAYS)})(?![\w/²³])"
    rf"|(?P<number>{_alternatives(_BEFORE_NUMBER)})(?= ?\d)"
    rf"|(?P<name>{_alternatives(_BEFORE_NAME)})(?=[ -]?[^\W\d_a-zäëéöü])"
    rf"|(?P<language>{_alternatives(_LANGUAGES)})(?=:)"
    rf"|(?P<glued>Nr\.|Tel\.|Str\.)(?=\d)"
)
_TABLES = {
    "always": _ALWAYS,
    "number": _BEFORE_NUMBER,
    "name": _BEFORE_NAME,
    "language": _LANGUAGES,
    "glued": _ALWAYS,
}


def match(text: str, at: int) -> tuple[int, str] | None:
    """The end of the abbreviation at a place, and the words for it; None if there is none."""
    found = _PATTERN.match(text, at)
    if not found:
        return None
    return found.end(), _TABLES[str(found.lastgroup)][found.group().replace(" ", "")]


def is_word(capitals: str) -> bool:
    """Whether capitals are spoken as a word (NATO) and not spelled (CSV): by a list, else by vowels and length."""
    if capitals in _WORDS:
        return True
    if len(capitals) < 4:
        return False
    if len(capitals) == 4:
        return bool(_LIKE_A_WORD.fullmatch(capitals))
    return bool(re.search(f"[{_VOWELS}]", capitals)) and not re.search(f"[^{_VOWELS}]{{4}}", capitals)
