"""French words and names by the rules of French spelling, in the sounds that Luxembourgish has for them.

The clues are spellings that Luxembourgish words do not have, chosen by what they hit in the lexica
(docs/front-end.md). Nasal vowels are long as in LOD, a final obstruent is voiceless, the last full vowel is stressed.
"""

from __future__ import annotations

import re

_V = "aeiouyàâéèêëîïôöûüœ"
_NASAL = f"(?![{_V}nm]|h[{_V}])"  # the n is no consonant of its own
_FRONT = "eiyéèêëîï"
_CLUE = re.compile(
    r"[èêâîôûçœ]|^saint|^mont|^beau|^bell|^bou[lr]|^ch[aâe]|^vill|^lan[gd]|ville$|court$|eaux?$|ieux?$|eux$|ières?$|"
    r"[^aeiouéëä]ette$|ain(?:e|es)?$|aire$|ai[sx]$|oi[sx]e?$|oie$|[ao]gne$|gny$|[eoiu]rgne$|[aeo]nnes?$|ac$|iques?$|"
    r"[bcdglmnprtv]y$|illes?$|illon$|[aeiou][lr]on$|ton$|[bdtv]re$|ble$|[ae]nces?$|ées?$"
)
_LUXEMBOURGISH = re.compile("[kwëäöü]|sch|éi|([aeo])\\1|ung|cht|(?<![iéyao])en$")
# In order, at each place the first that fits; `$` is the end without a plural's s.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("(?<=v)ill(?:es?$)?", "il"), ("ea(?=nn)", "ɑ"), ("uy$", "ɥi"), ("gu(?=[aâ])", "ɡw"), ("s(?=ges?$)", ""),
    (r"(?<=[^aeou])illes?$", "ij"), (r"(?<=[^aeou])ill(?=[aeéèio])", "ij"), ("(?:ueil|euil|œil)(?:les?)?", "œj"),
    ("aill?(?:es?)?$", "ɑj"), ("eill?(?:es?)?$", "ɛj"), ("ouill?(?:es?)?$", "uj"), ("aill", "ɑj"), ("eill", "ɛj"),
    ("euill", "øj"), ("ouill", "uj"),
    (f"oin{_NASAL}", "wɛ̃ː"), (f"(?:[aei]?[iy]n|[ae]?[iy]m){_NASAL}", "ɛ̃ː"), ("(?<=[iyé])ens?$", "ɛ̃ː"),
    (f"(?:e?an|en|am|em|aen){_NASAL}", "ɑ̃ː"), (f"(?:on|om){_NASAL}", "ɔ̃ː"), (f"(?:un|um){_NASAL}", "œ̃ː"),
    ("tion", "sjɔ̃ː"), (f"oy(?=[{_V}])", "wɑj"), (f"[ae]y(?=[{_V}])", "ɛj"), (f"uy(?=[{_V}])", "ɥij"),
    ("o[iîy]", "wɑ"), ("eaux?|aux?|aô", "oː"), ("[eœ]u(?=r)", "œː"), ("(?:œu|eû|eu)", "ø"), ("œ", "ø"),
    ("o[uùû]", "u"), ("a[iîy]|e[iy]", "ɛː"), ("é", "e"), ("[èêë]", "ɛː"), ("[aà]|â", "ɑ"), ("ô", "oː"), ("o", "o"),
    ("ui", "ɥi"), ("[uûü]", "y"), (f"[iïy](?=[{_V}])(?!es?$)", "j"), ("[iîïy]", "i"),
    ("er$|ez$", "eː"), ("ett?$", "ɛː"), ("err?(?=[^aeiouyéèêâîôûh])", "ɛʁ"), ("es?$", ""),
    (r"e(?=([bcdfglmnprstz])\1)", "æ"), ("e(?=[cflr]$)", "æ"), ("e(?=x)", "æ"),
    ("e(?=[bcdfgpt][lr]|[cgpt]h|gn|qu)", "ə"), (f"e(?=[^{_V}][^{_V}])", "æ"), ("e", "ə"),
    ("sch|ch(?![rl])", "ʃ"), ("gn", "ɲ"), ("ge(?=[aouâô])", "ʒ"), (f"gu(?=[{_FRONT}])", "ɡ"),
    (f"gg?(?=[{_FRONT}])", "ʒ"),
    ("gg?", "ɡ"), (f"cc(?=[{_FRONT}])", "ks"), (f"s?c(?=[{_FRONT}])|ç", "s"), ("qu?|ck|cch?|ch?|k", "k"),
    ("ph|ff?", "f"), ("tth?|th?", "t"), ("h", ""), ("j", "ʒ"), (f"(?<=[{_V}])s(?=[{_V}])", "z"), ("ss?", "s"),
    ("x", "ks"), ("z", "z"), ("w", "v"), ("v", "v"), ("rr?h?", "ʁ"), ("ll?", "l"), ("mm?", "m"), ("nn?", "n"),
    ("bb?", "b"), ("dd?", "d"), ("pp?", "p"),
)  # fmt: skip
_RULES = tuple((re.compile(pattern), sounds) for pattern, sounds in _SPELLINGS)
_SILENT = re.compile(rf"(?<=[{_V}rnlm])(?:[dpxsz]|(?<!e)t|(?<=[rn])[gc])(?:s|(?<=[t])z)?$|(?<=[{_V}])[dtp]s$")
_VOICELESS = str.maketrans("bdɡvzʒ", "ptkfsʃ")
_VOWEL = re.compile("[iyeøɛæaɑɔoœəu]\u0303?ː?")
_LONG = {"i": "iː", "y": "yː", "e": "eː", "ø": "øː", "ɛ": "ɛː", "æ": "ɛː", "ɑ": "aː", "ɔ": "ɔː", "o": "oː", "œ": "œː",
         "u": "uː"}  # fmt: skip
_LONGEST = 40  # letters: what is longer is no word


def french(word: str) -> str:
    """Phonemes of a word in lower case that is spelled as in French, with ˈ; "" for others."""
    if len(word) > _LONGEST or _LUXEMBOURGISH.search(word) or not _CLUE.search(word):
        return ""
    return read_french(word)


def read_french(word: str) -> str:
    """Phonemes by the rules of French, with ˈ before the last full vowel; "" for a letter that French has not."""
    spoken = _SILENT.sub("", word)
    said, at = "", 0
    while at < len(spoken):
        for pattern, sounds in _RULES:
            if match := pattern.match(spoken, at):
                said, at = said + sounds, match.end()
                break
        else:
            return ""
    if re.search(r"[^ː\u0303]ʁ$", said) and said[-2:-1] in _LONG:
        said = said[:-2] + ("ɔː" if said[-2] == "o" else _LONG[said[-2]]) + "ʁ"
    elif said[-1:] in _LONG:
        said = said[:-1] + _LONG[said[-1]]
    else:
        said = said[:-1] + said[-1:].translate(_VOICELESS)
    vowels = [match for match in _VOWEL.finditer(said) if match.group() != "ə"]
    if not vowels:
        return ""
    place = vowels[-1].start()
    return f"{said[:place]}ˈ{said[place:]}"
