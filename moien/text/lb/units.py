"""Units and currencies: their signs, and their words in singular and plural."""

from __future__ import annotations

import re
from dataclasses import dataclass

from moien.text.lb.numbers import EN


@dataclass(frozen=True, slots=True)
class Unit:
    """The words of a unit; `many` differs from `one` only in feminine nouns, others have no plural after a number."""

    one: str
    many: str
    gender: str  # of `numbers.cardinal`


def _units(rows: str, gender: str) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for row in rows.split("|"):
        written, one = row.strip().split(" ", 1)
        many = (one.removesuffix("e") + EN) if gender == "f" else one
        units |= {sign: Unit(one, many, gender) for sign in written.split(",")}
    return units


UNITS = _units(
    "km Kilometer|hm Hektometer|m Meter|dm Dezimeter|cm Zentimeter|mm Millimeter|µm,μm Mikrometer|nm Nanometer|"
    "km²,km2,㎢ Quadratkilometer|m²,m2,qm,㎡ Quadratmeter|dm²,dm2 Quadratdezimeter|cm²,cm2,㎠ Quadratzentimeter|"
    "mm²,mm2 Quadratmillimeter|km³,km3 Kubikkilometer|m³,m3,㎥ Kubikmeter|dm³,dm3 Kubikdezimeter|"
    "cm³,cm3,㎤ Kubikzentimeter|mm³,mm3 Kubikmillimeter|ha Hektar|kg Kilogramm|g Gramm|mg Milligramm|"
    "µg,μg Mikrogramm|hl Hektoliter|l,ℓ Liter|dl Deziliter|cl Zentiliter|ml Milliliter|"
    "V Volt|kV Kilovolt|mV Millivolt|W Watt|kW Kilowatt|MW Megawatt|GW Gigawatt|mA Milliampère|"
    "Hz Hertz|kHz,Khz Kilohertz|MHz,Mhz Megahertz|GHz,Ghz Gigahertz|Pa Pascal|hPa Hektopascal|kPa Kilopascal|"
    "dB Dezibel|kJ Kilojoule|MJ Megajoule|K Kelvin|bit Bit|kB,KB Kilobyte|"
    "MB Megabyte|GB Gigabyte|TB Terabyte|kbit Kilobit|Mbit Megabit|Gbit Gigabit|Mbps Megabit an der Sekonn|"
    "Gbps Gigabit an der Sekonn|kbps Kilobit an der Sekonn|kmh Kilometer an der Stonn|px Pixel|"
    "ppm ppm|PS PS|lm Lumen|ct Cent|bar Bar|mbar Millibar|kWp Kilowatt peak|Kg,KG Kilogramm|Km,KM "
    "Kilometer|gr,gr. Gramm|"
    "Lt.,Ltr. Liter|Stk.,Stck. Stéck|EL Iessläffel|TL Téiläffel|Pkt. Punkten|"
    "°C,°c,ºC,℃ Grad Celsius|°F,℉ Grad Fahrenheit|°,º Grad|% Prozent|‰ Promill",
    "m",
)
UNITS |= {"° C": UNITS["°C"], "° F": UNITS["°F"]}
UNITS |= _units(
    "ms Millisekonn|Ah Ampèrestonn|cal Kalorie|kcal Kilokalorie|t Tonn|h,Std.,Std Stonn|min,Min. Minutt|"
    "s,sec,Sek. Sekonn|Pers.,Pers,pers. Persoun|kWh Kilowattstonn|Wh Wattstonn|MWh Megawattstonn|"
    "GWh Gigawattstonn|TWh Terawattstonn",
    "f",
)
CURRENCIES = {
    "€": "Euro",
    "EUR": "Euro",
    "Euro": "Euro",
    "US$": "US-Dollar",
    "$": "Dollar",
    "USD": "US-Dollar",
    "£": "Pond",
    "GBP": "Pond",
    "¥": "Yen",
    "CHF": "Schwäizer Frang",
    "LUF": "Lëtzebuerger Frang",
    "Dollar": "Dollar",
}
CENTS = frozenset({"Euro", "Dollar", "US-Dollar"})  # 0,50 € is fofzeg Cent
MILLIONS = {"Mio": "Millioun", "Mia": "Milliard", "Mrd": "Milliard", "Mrds": "Milliard", "Bio": "Billioun"}
_PER = {"h": "an der Stonn", "s": "an der Sekonn", "min": "an der Minutt", "sec": "an der Sekonn"}


def alternatives(*signs: str) -> str:
    """A group of a regular expression with all signs, the longest first."""
    return f"(?:{'|'.join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True))})"


UNIT = alternatives(*UNITS, *CURRENCIES)
CURRENCY = alternatives(*CURRENCIES)
MILLION = rf"(?:{'|'.join(MILLIONS)})(?!\w)\.?"


def unit(sign: str) -> Unit:
    """The unit or currency of a sign."""
    name = CURRENCIES.get(sign)
    return Unit(name, name, "m") if name else UNITS[sign]


PER = (
    rf"(?: ?/ ?(?:(?P<per_many>100) ?)?(?:(?P<per>{UNIT})(?![\w/²³])|"
    rf"(?P<per_word>[A-ZÄËÉÖÜ][a-zäëéöü]{{1,30}})(?!\w)))?"
)


def per(match: re.Match[str]) -> str:
    """The words of `PER`: km/h an der Stonn, €/m² pro Quadratmeter, l/100 km op honnert Kilometer, €/Persoun."""
    if match["per_word"]:
        return f" pro {match['per_word']}"
    if not match["per"]:
        return ""
    if match["per_many"]:
        return f" op honnert {unit(match['per']).many}"
    return " " + (_PER.get(match["per"]) or f"pro {unit(match['per']).one}")


def millions(sign: str) -> Unit:
    """The noun of Mio., Mrd. …, which is feminine."""
    one = MILLIONS[sign.rstrip(".")]
    return Unit(one, one + EN, "f")
