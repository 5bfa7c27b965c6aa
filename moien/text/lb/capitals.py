"""Words in capitals: which are spelled (CSV), which are spoken (NATO), and which belong to a text in capitals."""

from __future__ import annotations

import functools
import re

# Spoken as words, although by their letters they would be spelled.
_WORDS = frozenset(
    "ACEL ADEM AIDS ASTA ASTI BENELUX CEPS CERN COVID EPO ESA EURO FIFA GIF IBAN INTERREG JPEG LASER LISER LUNEX "
    "NASA NATO OPEC PIN PISA POST RADAR RAM SARS SIDA UEFA UFO UNEL UNESCO UNICEF UNO ZIP".split()
)
# Spelled, although by their letters they could be words, or although they are words in small letters.
_SPELLED = frozenset(
    "ADAC ADR AEV ALS AOC AOT ASBL ASNL AUC AVC BCEE BCL BEI BIL BIP CEE CEO CIA CIO CNA CNE CNS CSSF DAC DNA ECB "
    "EEA EIB EUR FAQ FBI FIA IAEA IAO IBM ILO IMF IOC IOK ISO IUIL LCGB LED LGIE LIST LSAP OCDE OECD OGB OGBL OMS "
    "ONG ONU OSZE PAG PAP PIB SIP SMS SNCA SNJ TVA UAE UEL UEO UGDA UIA UNHCR USA USB USO UV VIP".split()
)
# The shortest everyday words: they show that a text is in capitals, and they are never spelled there.
_EVERYDAY = frozenset(
    "AB ALL ALLES ALS AM AN ANER ASS AUCH AUER AUS AUTO BAL BEI BEIM BIN BIS BIST DAG DASS DAT DE DEE DEEN DEM "
    "DEN DER DIR DO DRÄI DU DUC DUERCH DÉI DËS ECH EIS ELO EM EN ENG ER ESOU ET EUEN FEST FIR FRA FRAU GEET GI "
    "GIN GINN GRÉNG GUTT GÄER GÄR GÄREN GËTT HAT HATT HAUS HAUT HEEM HEI HIE HIEN HIM HIR HU HUET HUNN IR IWWER "
    "JEE JO JOER JUST KAL KAND KANN KEE KEEN KENG KOMM LEIT LO MA MAM MAT MECH MEE MIR MOI MOL MUER MUSS MÄ MÉI "
    "NACH NEE NEI NEIEN NET NO NOM NUR NËT OB OCH ODER ON OP OUNI ROUT SE SECH SEI SENG SI SIN SINN SO SOLL SOT "
    "SOU STAD STOP SUPER SÄI SÄIN TOP UM UN VILL VIR VIRU VIRUN VU VUM VUN WA WAARM WANN WAR WAT WEE WEEG WEI "
    "WELT WIEN WOU WUERT WÄR WÉI WËLL ZE ZOU ZU ZUM ZUR ZWEE ZÄIT ÄERT ÄR ËM ËNNER".split()
)
_EMPHASISED = frozenset("JO ZE DU DO ËM".split())  # the shortest that are no letters elsewhere, too
_VOWELS = "AEIOUYÄËÉÖÜÀÈÊÂÔÛÎÏ"
_LIKE_A_WORD = re.compile(
    rf"[^{_VOWELS}]{{0,1}}[{_VOWELS}]{{1,2}}(?:[^{_VOWELS}]{{1,2}}[{_VOWELS}]{{1,2}}){{1,8}}[^{_VOWELS}]{{0,1}}"
)
_CLUSTER = re.compile("SCH|CH|CK|PH|TH")  # one sound
_REGION = re.compile("[^a-zà-öø-ÿœ]{5,}+")  # without small letters, long enough for two words
_TOKEN = re.compile(r"(?<![^\W\d_])[A-ZÀ-ÖØ-Þ]{2,}(?![^\W_])")


def is_word(capitals: str) -> bool:
    """Whether capitals alone are spoken as a word (NATO) and not spelled (CSV): by lists, else by vowels and length."""
    if capitals in _WORDS:
        return True
    if capitals in _SPELLED:
        return False
    if len(capitals) < 4:
        return capitals in _EMPHASISED or (len(capitals) > 2 and capitals in _EVERYDAY)
    if len(capitals) == 4:
        return capitals in _EVERYDAY or bool(_LIKE_A_WORD.fullmatch(capitals))
    most = 4 if len(capitals) > 6 else 3  # consonants in a row
    return bool(re.search(f"[{_VOWELS}]", capitals)) and not re.search(
        f"[^{_VOWELS}]{{{most + 1}}}", _CLUSTER.sub("S", capitals)
    )


def is_word_at(text: str, at: int, capitals: str) -> bool:
    """The same at a place in a text; in a text in capitals short words are more probable than letters."""
    shortest = next((least for start, end, least in _regions(text) if start <= at < end), 0)
    if not shortest:
        return is_word(capitals)
    if capitals in _EVERYDAY:
        return True
    return (
        capitals not in _SPELLED and len(capitals) >= shortest and bool(re.search(f"[{_VOWELS}]", capitals))
    )


@functools.lru_cache(maxsize=4)
def _regions(text: str) -> tuple[tuple[int, int, int], ...]:
    """Where a text is in capitals: stretches without small letters that have an everyday word or a long word among
    others, and the shortest word that is not spelled there."""
    found = []
    for match in _REGION.finditer(text):
        words = _TOKEN.findall(match[0])
        if len(words) > 1 and any(word in _EVERYDAY for word in words):
            found.append((*match.span(), 3))
        elif len(words) > 1 and any(len(word) > 6 and is_word(word) for word in words):
            found.append((*match.span(), 4))
    return tuple(found)
