"""Codes of languages that espeak-ng does not know, and its own code for each."""

from __future__ import annotations

from collections.abc import Collection

# Norwegian is Bokmål, Chinese Mandarin; old and longer codes of ISO 639, and codes of countries that are taken for one.
OTHER_CODES = {
    other: code
    for code, others in {
        "nb": "no nor nob nn nno",
        "cmn": "zh zho chi cn",
        "he": "iw heb",
        "id": "in ind",
        "ro": "mo ron rum",
        "hr": "sh hrv scr",
        "ja": "jp jpn",
        "ko": "kr kor",
        "uk": "ua ukr",
        "cs": "cz ces cze",
        "el": "gr ell gre",
        "da": "dk dan",
        "sv": "se swe",
        "vi": "vn vie",
        "sl": "slv",
        "et": "ee est ekk",
        "sq": "al sqi alb als",
        "de": "ger deu",
        "en": "eng",
        "fr": "fra fre",
        "es": "spa sp",
        "it": "ita",
        "pt": "por",
        "nl": "nld dut",
        "lb": "ltz lux",
        "pl": "pol",
        "ru": "rus",
        "tr": "tur",
        "fi": "fin",
        "hu": "hun",
        "ar": "ara arb",
        "fa": "fas per pes",
        "hi": "hin",
        "ga": "gle",
        "cy": "cym wel",
        "ku": "kmr kur",
        "lv": "lav lvs",
        "ms": "msa may zsm",
        "kok": "gom",
    }.items()
    for other in others.split()
}


def espeak_code(name: str, known: Collection[str]) -> str:
    """The code of espeak-ng for a language that it calls by another (`no` → `nb`, `de-DE` → `de`); "" for none."""
    spelt = {code.casefold(): code for code in known}
    name = name.replace("_", "-").casefold()
    language = name.partition("-")[0]
    candidates = (name, OTHER_CODES.get(name, ""), language, OTHER_CODES.get(language, ""))
    return next((spelt[code] for code in candidates if code in spelt), "")
