"""Abbreviations that are read in full."""

from __future__ import annotations

import re
from collections.abc import Iterable

from moien.text.lb.numbers import OPTIONAL_N as N

# Inside an abbreviation a space may follow each point.
_ALWAYS = {
    "z.B.": "zum Beispill",
    "z.b.": "zum Beispill",
    "zB.": "zum Beispill",
    "Bsp.": "Beispill",
    "d.h.": "dat heescht",
    "dh.": "dat heescht",
    "asw.": "an sou weider",
    "a.s.w.": "an sou weider",
    "usw.": "an sou weider",
    "u.s.w.": "an sou weider",
    "usf.": "a sou fort",
    "w.e.g.": "wann ech gelift",
    "w.e.g": "wann ech gelift",
    "wgl.": "wann ech gelift",
    "wgl": "wann ech gelift",
    "s.v.p.": "wann ech gelift",
    "svp.": "wann ech gelift",
    "sog.": "sougenannt",
    "sougen.": "sougenannt",
    "z.H.": "zu Hänn",
    "z.Hd.": "zu Hänn",
    "z.T.": "zum Deel",
    "z.Z.": "zur Zäit",
    "z.Zt.": "zur Zäit",
    "v.a.": "virun allem",
    "u.U.": "ënner Ëmstänn",
    "i.d.R.": "an der Reegel",
    "i.A.": "am Optrag",
    "i.V.": "a Vertriedung",
    "m.a.W.": "mat anere Wierder",
    "o.ä.": "oder änlech",
    "u.ä.": "an änlech",
    "ë.ä.": "an änlech",
    "a.D.": "ausser Déngscht",
    "p.P.": "pro Persoun",
    "p.a.": "pro Joer",
    "bspw.": "beispillsweis",
    "evt.": "eventuell",
    "allg.": "allgemeng",
    "jew.": "jeeweils",
    "dgl.": "dergläichen",
    "ggf.": "gegebenefalls",
    "bzgl.": "bezüglech",
    "zzgl.": "zousätzlech",
    "abzgl.": "ofzüglech",
    "c/o": "bei",
    "betr.": "betreffend",
    "Betr.": "Betreff",
    "S.K.H.": "Seng Kinneklech Hoheet",
    "I.K.H.": "Hir Kinneklech Hoheet",
    "etc.": "etcetera",
    "etc": "etcetera",
    "asw": "an sou weider",
    "usw": "an sou weider",
    "z.B": "zum Beispill",
    "d.h": "dat heescht",
    "evtl": "eventuell",
    "ff.": "an déi folgend",
    "m.E.": "menger Meenung no",
    "tgl.": "all Dag",
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
    "inkl": "inklusiv",
    "incl.": "inklusiv",
    "exkl.": "exklusiv",
    "excl.": "exklusiv",
    "max.": "maximal",
    "min.": "minimal",
    "mind.": "mindestens",
    "vs.": "versus",
    "Nr.": "Nummer",
    "Nr": "Nummer",
    "Nrn.": "Nummeren",
    "N°": "Nummer",
    "n°": "Nummer",
    "Nº": "Nummer",
    "nº": "Nummer",
    "N°.": "Nummer",
    "Pers.": f"Persoune{N}",
    "Anm.": "Anmierkung",
    "Mwst.": "Méiwäertsteier",
    "MwSt.": "Méiwäertsteier",
    "Jhr.": "Joer",
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
    "blvd.": "Boulevard",
    "Blvd.": "Boulevard",
    "blvd": "Boulevard",
    "Blvd": "Boulevard",
    "boul.": "Boulevard",
    "rte.": "Route",
    "Rte.": "Route",
    "imp.": "Impasse",
    "fbg.": "Faubourg",
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
_BEFORE_NUMBER = {
    "S.": "Säit",
    "p.": "Säit",
    "pp.": f"Säite{N}",
    "No.": "Nummer",
    "Art.": "Artikel",
    "Abs.": "Absatz",
    "Kap.": "Kapitel",
    "Kl.": "Klass",
    "Vol.": "Volume",
    "Sek.": "Sektioun",
    "Gr.": "Grupp",
    "Bd.": "Band",
    "Bd": "Band",
    "Tl.": "Deel",
    "Max.": "maximal",
    "Min.": "minimal",
    "Mind.": "mindestens",
    "ca": "circa",
    "max": "maximal",
    "Tel": "Telefon",
    "tel.": "Telefon",
    "tel": "Telefon",
    "tél.": "Telefon",
    "tél": "Telefon",
    "Zi.": "Zëmmer",
    "Apt.": "Appartement",
    "App.": "Appartement",
}
_BEFORE_NAME = {
    "St.": "Sankt",
    "Ste.": "Sainte",
    "Hr.": "Här",
    "Fr.": "Fra",
    "Dr": "Dokter",
    "Me": "Maître",
    "Fam.": "Famill",
    "Gebr.": "Gebridder",
    "Rés.": "Résidence",
    "Ave": "Avenue",
    "Ave.": "Avenue",
    "Bld": "Boulevard",
    "Bld.": "Boulevard",
    "Bvd": "Boulevard",
    "Bvd.": "Boulevard",
    "Boul.": "Boulevard",
    "Ch.": "Chemin",
    "Imp.": "Impasse",
    "Mtée": "Montée",
    "HH.": f"Häre{N}",
    "Av.": "Avenue",
    "av.": "Avenue",
    "av": "Avenue",
    "Bd.": "Boulevard",
    "bd.": "Boulevard",
    "Bd": "Boulevard",
    "bd": "Boulevard",
    "Pl.": "Place",
    "pl.": "Place",
    "sq.": "Square",
    "all.": "Allée",
    "r.": "Rue",
    "R.": "Rue",
    "ch.": "Chemin",
    "rte": "Route",
    "Rte": "Route",
    "mtée": "Montée",
    "mt.": "Montée",
}
# The same before the French words of a street's name; some of them are initials before a name.
_BEFORE_STREET = _BEFORE_NAME | {"M.": "Monsieur"}
_INITIALS = ("r.", "R.", "ch.", "all.", "Pl.", "mt.", "Ch.", "M.")
_SAINTS = {"St-": "Saint-", "St.-": "Saint-", "Ste-": "Sainte-", "Ste.-": "Sainte-"}  # one word with the name
# Before an article; before a name they are initials.
_TITLES = {
    "S.M.": "Seng Majestéit",
    "I.M.": "Hir Majestéit",
    "S.E.": "Seng Exzellenz",
    "S.H.": "Seng Hellegkeet",
}
_LANGUAGES = {
    "de.": "däitsch",
    "fr.": "franséisch",
    "en.": "englesch",
    "lb.": "lëtzebuergesch",
}  # before a colon
# A capital at the start of a sentence. Of the others it is no abbreviation: Max., Min. and St. are names.
_AT_START = (
    "z.B. zB. d.h. dh. etc. bzw. bzw resp. ca. u.a. ë.a. evtl. event. vgl. cf. inkl. inkl incl. exkl. excl. "
    "vs. w.e.g. wgl. wgl sog. z.H. "
    "z.T. v.a. u.U. i.d.R. m.a.W. ggf. zzgl. geb. gest. asw. usw. p.ex. s.v.p. lat. engl. frz. lëtz."
).split()


def _all_cases(table: dict[str, str]) -> dict[str, str]:
    return table | {row[0].upper() + row[1:]: table[row] for row in _AT_START}


_TABLES = {
    "always": _all_cases(_ALWAYS),
    "number": _BEFORE_NUMBER,
    "saint": _SAINTS,
    "title": _TITLES,
    "name": {row: words for row, words in _BEFORE_NAME.items() if row not in _INITIALS},
    "street": _BEFORE_STREET,
    "language": _LANGUAGES,
    "glued": {row: _ALWAYS[row] for row in ("Nr.", "Tel.", "Tél.", "Str.", "N°", "n°", "Nº", "nº")},
}
_FOLLOWED_BY = {
    "always": r"(?:(?<=\.)(?!\w)|(?![\w/²³]))",
    "number": r"(?=:? ?\+?\d)",
    "name": r"(?=[ -]?[^\W\d_a-zäëéöü])",
    "street": r"(?= (?:de|du|des|de la|a Mme|et Mme|et Madame|a Madame|aux?|à|en)(?!\w)| (?:de )?[dl]')",
    "title": r"(?= (?:de[nrm]?(?!\w)|d'|den |la |le |l'))",
    "saint": r"(?=[A-ZÀ-ÖØ-Þ])",
    "language": "(?=:)",
    "glued": r"(?=\d)",
}
WRITTEN = frozenset(row for table in _TABLES.values() for row in table)


def _alternatives(table: Iterable[str]) -> str:
    """Inside an abbreviation a space may follow each point."""
    written = (
        r"\. ?".join(map(re.escape, row.removesuffix(".").split("."))) + r"\." * row.endswith(".")
        for row in table
    )
    return "|".join(sorted(written, key=len, reverse=True))


def _patterns() -> dict[str, re.Pattern[str]]:
    """First letter → pattern; the groups are the names of the tables."""
    patterns = {}
    for first in {row[0] for table in _TABLES.values() for row in table}:
        groups = []
        for name, table in _TABLES.items():
            if rows := [row for row in table if row[0] == first]:
                groups.append(f"(?P<{name}>{_alternatives(rows)}){_FOLLOWED_BY[name]}")
        patterns[first] = re.compile("|".join(groups))
    return patterns


_PATTERNS = _patterns()


def match(text: str, at: int) -> tuple[int, str] | None:
    """The end of the abbreviation at a place, and the words for it; None if there is none."""
    pattern = _PATTERNS.get(text[at])
    found = pattern.match(text, at) if pattern else None
    if not found:
        return None
    return found.end(), _TABLES[str(found.lastgroup)][found.group().replace(" ", "")]
