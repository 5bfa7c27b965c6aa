"""Words in capitals: which are spelled (CSV), which are spoken (NATO), and which belong to a text in capitals."""

from __future__ import annotations

import functools
import re

# Spoken as words, although by their letters they would be spelled.
_WORDS = frozenset(
    "NATO FIFA UEFA UNESCO UNICEF NASA ESA UNO OPEC AIDS SIDA COVID ASTA CEPS SARS PISA LUNEX LISER SES EPO UFO "
    "ADEM ACEL UNEL ASTI RADAR LASER INTERREG BENELUX EURO CERN IBAN PIN RAM ZIP GIF JPEG POST".split()
) - {"SES"}
# Spelled, although by their letters they could be words.
_SPELLED = frozenset(
    "ALS OSZE OECD OCDE LSAP OGBL OGB LCGB ACEL ADR AEV AOC ASBL ASNL BCEE BCL BIL CEO CEE CIA CIO CNA CNE CNS "
    "CSSF DAC DNA EIB BEI EEA ECB "
    "EUR EUIPO FAQ FBI FEDIL FIA IAEA IMF IOC IOK INAP ISO IUIL LGIE MUDAM ONG ONU OMS PAG PAP PIB BIP SICAV "
    "SMS SNCA SNJ TVA "
    "UEL UEO UIA UGDA UNHCR USA USB UV VIP SIP LED LIST AOT ADAC IAO ILO IBM AIR AUC ALEBA UAE USO AVC".split()
) - {"MUDAM", "FEDIL", "SICAV", "INAP", "ALEBA", "EUIPO", "ACEL", "AIR"}
# The shortest everyday words: they show that a text is in capitals, and they are never spelled there.
_EVERYDAY = frozenset(
    "AN AM ALL ALS AB AUS ASS AUCH BEI BEIM BIS BIST BIN DAT DASS DE DEN DEM DEN DER DÉI DËS DEE DEEN DIR DO "
    "DU DUERCH DOS ELO EM EN ENG "
    "ER ET ËM ECH ESOU ËNNER EIS ÄR ÄERT FIR GËTT GI GINN GEET GIN HAT HATT HAUT HEI HEEM HIEN HIE HIR HIM "
    "HU HUNN HUET IR IWWER JO JEE JUST "
    "KEE KEEN KENG KANN KOMM LA LO MA MAM MAT MÄ MEE MÉI MECH MIR MUER MUSS MOI NEE NEI NET NO NOM NËT NACH "
    "NUR OB OCH ODER ON OP OUNI "
    "SAI SÄI SÄIN SE SECH SEI SENG SI SINN SIN SO SOT SOU SOLL UM UN UNE VILL VIRUN VIR VU VUN VUM WA WANN "
    "WAR WAT WEI WÉI WËLL WIEN WOU "
    "WÄR ZE ZU ZUM ZUR ZOU ZWEE DRÄI STAD HAUS JOER DAG FRAU FRA AUTO LEIT KAND WELT ZÄIT GUTT SUPER TOP ALLES ANER "
    "ROUT DUC GRÉNG NEIEN VIRU OPEN STOP BAL DIN MAN KAL WAARM WUERT EUEN AUER MOL GÄR GÄREN GÄER WEEG WEE FEST".split()
) - {"LA", "UNE", "DIN", "MAN", "DOS", "OPEN", "SAI"}
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
