"""French words and names by the rules of French spelling, in the sounds of Luxembourgish.

Spellings that Luxembourgish words do not have mark a word as French; they were chosen by their matches in the lexica
(docs/front-end.md). Nasal vowels are long as in LOD, final obstruents voiceless, the last full vowel is stressed.
"""

from __future__ import annotations

import re

_V = "aeiouyàâéèêëîïôöûüœ"
_NASAL = f"(?![{_V}nm]|h[{_V}])"  # n and m only make the vowel nasal
_FRONT = "eiyéèêëîï"
_CLUE = re.compile(
    r"[èêâîôûçœ]|^saint|^mont|^beau|^bell|^bou[lr]|^ch[aâe]|^vill|^lan[gd]|ville$|court$|eaux?$|ieux?$|eux$|ières?$|"
    r"[^aeiouéëä]ette$|ain(?:e|es)?$|aire$|ai[sx]$|oi[sx]e?$|oie$|[ao]gne$|gny$|[eoiu]rgne$|[aeo]nnes?$|ac$|iques?$|"
    r"[bcdglmnprtv]y$|illes?$|illon$|[aeiou][lr]on$|ton$|[bdtv]re$|ble$|[ae]nces?$|ées?$"
)
_LUXEMBOURGISH = re.compile("[kwëäöü]|sch|éi|([aeo])\\1|ung|cht|(?<![iéyao])en$")
# At each place the first pattern that matches counts; `$` is the end of the word without the s of the plural.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("(?<=v)ill(?:es?$)?", "il"),
    ("ea(?=nn)", "ɑ"),
    ("uy$", "ɥi"),
    ("gu(?=[aâ])", "ɡw"),
    ("s(?=ges?$)", ""),
    (r"(?<=[^aeou])illes?$", "ij"),
    (r"(?<=[^aeou])ill(?=[aeéèio])", "ij"),
    ("(?:ueil|euil|œil)(?:les?)?", "œj"),
    ("aill?(?:es?)?$", "ɑj"),
    ("eill?(?:es?)?$", "ɛj"),
    ("ouill?(?:es?)?$", "uj"),
    ("aill", "ɑj"),
    ("eill", "ɛj"),
    ("euill", "øj"),
    ("ouill", "uj"),
    (f"oin{_NASAL}", "wɛ̃ː"),
    (f"(?:[aei]?[iy]n|[ae]?[iy]m){_NASAL}", "ɛ̃ː"),
    ("(?<=[iyé])ens?$", "ɛ̃ː"),
    (f"(?:e?an|en|am|em|aen){_NASAL}", "ɑ̃ː"),
    (f"(?:on|om){_NASAL}", "ɔ̃ː"),
    (f"(?:un|um){_NASAL}", "œ̃ː"),
    ("tion", "sjɔ̃ː"),
    (f"oy(?=[{_V}])", "wɑj"),
    (f"[ae]y(?=[{_V}])", "ɛj"),
    (f"uy(?=[{_V}])", "ɥij"),
    ("o[iîy]", "wɑ"),
    ("eaux?|aux?|aô", "oː"),
    ("[eœ]u(?=r)", "œː"),
    ("(?:œu|eû|eu)", "ø"),
    ("œ", "ø"),
    ("o[uùû]", "u"),
    ("a[iîy]|e[iy]", "ɛː"),
    ("é", "e"),
    ("[èêë]", "ɛː"),
    ("[aà]|â", "ɑ"),
    ("ô", "oː"),
    ("o", "o"),
    ("ui", "ɥi"),
    ("[uûü]", "y"),
    (f"[iïy](?=[{_V}])(?!es?$)", "j"),
    ("[iîïy]", "i"),
    ("er$|ez$", "eː"),
    ("ett?$", "ɛː"),
    ("err?(?=[^aeiouyéèêâîôûh])", "ɛʁ"),
    ("es?$", ""),
    (r"e(?=([bcdfglmnprstz])\1)", "æ"),
    ("e(?=[cflr]$)", "æ"),
    ("e(?=x)", "æ"),
    ("e(?=[bcdfgpt][lr]|[cgpt]h|gn|qu)", "ə"),
    (f"e(?=[^{_V}][^{_V}])", "æ"),
    ("e", "ə"),
    ("sch|ch(?![rl])", "ʃ"),
    ("gn", "ɲ"),
    ("ge(?=[aouâô])", "ʒ"),
    (f"gu(?=[{_FRONT}])", "ɡ"),
    (f"gg?(?=[{_FRONT}])", "ʒ"),
    ("gg?", "ɡ"),
    (f"cc(?=[{_FRONT}])", "ks"),
    (f"s?c(?=[{_FRONT}])|ç", "s"),
    ("qu?|ck|cch?|ch?|k", "k"),
    ("ph|ff?", "f"),
    ("tth?|th?", "t"),
    ("h", ""),
    ("j", "ʒ"),
    (f"(?<=[{_V}])s(?=[{_V}])", "z"),
    ("ss?", "s"),
    ("x", "ks"),
    ("z", "z"),
    ("w", "v"),
    ("v", "v"),
    ("rr?h?", "ʁ"),
    ("ll?", "l"),
    ("mm?", "m"),
    ("nn?", "n"),
    ("bb?", "b"),
    ("dd?", "d"),
    ("pp?", "p"),
)
_RULES = tuple((re.compile(pattern), sounds) for pattern, sounds in _SPELLINGS)
_SILENT = re.compile(rf"(?<=[{_V}rnlm])(?:[dpxsz]|(?<!e)t|(?<=[rn])[gc])(?:s|(?<=[t])z)?$|(?<=[{_V}])[dtp]s$")
_VOICELESS = str.maketrans("bdɡvzʒ", "ptkfsʃ")
_VOWEL = re.compile("[iyeøɛæaɑɔoœəu]\u0303?ː?")
_LONG = {
    "i": "iː",
    "y": "yː",
    "e": "eː",
    "ø": "øː",
    "ɛ": "ɛː",
    "æ": "ɛː",
    "ɑ": "aː",
    "ɔ": "ɔː",
    "o": "oː",
    "œ": "œː",
    "u": "uː",
}
_LONGEST = 40  # letters; no word is longer


def french(word: str) -> str:
    """Phonemes with ˈ of a word in lower case with a French spelling; "" for other words."""
    if len(word) > _LONGEST or _LUXEMBOURGISH.search(word) or not _CLUE.search(word):
        return ""
    return read_french(word)


def read_french(word: str) -> str:
    """Phonemes by the rules of French, with ˈ before the last full vowel; "" if a letter is not French."""
    letters = _SILENT.sub("", word)
    phonemes, at = "", 0
    while at < len(letters):
        for pattern, sounds in _RULES:
            if match := pattern.match(letters, at):
                phonemes, at = phonemes + sounds, match.end()
                break
        else:
            return ""
    if re.search(r"[^ː\u0303]ʁ$", phonemes) and phonemes[-2:-1] in _LONG:
        phonemes = phonemes[:-2] + ("ɔː" if phonemes[-2] == "o" else _LONG[phonemes[-2]]) + "ʁ"
    elif phonemes[-1:] in _LONG:
        phonemes = phonemes[:-1] + _LONG[phonemes[-1]]
    else:
        phonemes = phonemes[:-1] + phonemes[-1:].translate(_VOICELESS)
    vowels = [match for match in _VOWEL.finditer(phonemes) if match.group() != "ə"]
    if not vowels:
        return ""
    place = vowels[-1].start()
    return f"{phonemes[:place]}ˈ{phonemes[place:]}"
