"""French inside Luxembourgish: words and names by the rules of French spelling, in the sounds of Luxembourgish; and
French runs (Conseil économique et social), in which small words like et and des are French, too.

Spellings that Luxembourgish words do not have mark a word as French; they were chosen by their matches in the lexica
(docs/front-end.md). Nasal vowels are long as in LOD, final obstruents voiceless, the last full vowel is stressed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from moien.text.lb.stress import WEAK

_V = "aeiouyàâéèêëîïôöûüœ"
_NASAL = f"(?![{_V}nm]|h[{_V}])"  # n and m only make the vowel nasal
_FRONT = "eiyéèêëîï"
_CLUE = re.compile(
    r"[èêâîôûçœ]|^saint|^mont|^beau|^bell|^bou[lr]|^ch[aâe]|^vill|^lan[gd]|ville$|court$|eaux?$|ieux?$|eux$|ières?$|"
    r"[^aeiouéëä]ette$|ain(?:e|es)?$|aires?$|oires?$|ai[sx]$|oi[sx]e?$|oie$|[ao]gne$|gny$|[eoiu]rgne$|[aeo]nnes?$|ac$|"
    r"iques?$|[bcdglmnprtv]y$|illes?$|illon$|[aeiou][lr]on$|ton$|[bdtv]re$|ble$|[ae]nces?$|ées?$|[gst]ions?$|"
    r"[^aiou]és?$|(?:[èêâo]|ou|[^u]an|[^mk]ar)ches?$"
)
# Of names: the rules read them better than the model does, however sure it is.
NAME = re.compile("^saint|(?:ville|court|eaux?|ieux|illy|igny|vry|ennes|[èê]che)$")
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
    ("tion(?=n)", "sjo"),
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
    ("(?:(?<=^[fmv])|(?<=^ch))er$", "ɛːʁ"),
    ("er$|ez$", "eː"),
    ("ett?$", "ɛː"),
    ("err?(?=[^aeiouyéèêâîôûhr])", "ɛʁ"),
    ("es?$", ""),
    ("e(?=(?P<twice>[bcdfglmnprstz])(?P=twice))", "æ"),
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
_RULES = re.compile("|".join(f"(?P<rule{i}>{pattern})" for i, (pattern, _) in enumerate(_SPELLINGS)))
_SOUNDS = {f"rule{i}": sounds for i, (_, sounds) in enumerate(_SPELLINGS)}
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
        if not (match := _RULES.match(letters, at)):
            return ""
        phonemes, at = phonemes + _SOUNDS[match.lastgroup or ""], match.end()
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


# Small words that are read in another way in French than in Luxembourgish, or that only French has; and de.
SMALL = dict(
    pair.split("=")
    for pair in (
        "à=ɑ au=o aux=o avec=ɑvæk ce=sə ces=se cette=sæt dans=dɑ̃ː de=də des=de du=dy en=ɑ̃ː est=ɛ et=e il=il la=lɑ "
        "le=lə les=le lès=lɛ leur=lœʁ leurs=lœʁ ma=mɑ mes=me mon=mɔ̃ː ne=nə notre=notʁ nous=nu ou=u où=u par=pɑʁ pas=pɑ "
        "pour=puʁ que=kə qui=ki sa=sɑ sans=sɑ̃ː ses=se son=sɔ̃ː sous=su sur=syʁ ta=tɑ tes=te un=œ̃ː une=yn "
        "vos=vo votre=votʁ vous=vu"
    ).split()
)
_L = ("l'", "L'")
_STARTS = frozenset(form for word in SMALL for form in (word, word.capitalize(), word.upper()))
_ONLY_FRENCH = frozenset("à aux avec cette dans la le les leur leurs notre où une votre".split())
_OPENING = frozenset(
    "au aux des la le les une".split()
)  # also at the start of a run; the others are words of both
_BOTH = frozenset(
    "en est il ma mon ne ou pas sa son un".split()
)  # French only before a small letter: en scène
_ARTICLES = frozenset("le la les une Le La Les Une".split())  # begin a run: Arrondissement Le Raincy
_RUN_ONLY = frozenset(["ville"])  # French words that are others in Luxembourgish: ville Leit
_ELISION = re.compile("(?:[cdjlmnst]|qu)'", re.IGNORECASE)
_VAGUE = str.maketrans(
    {"æ": "e", "ɛ": "e", "ə": "e", "ɑ": "a", "ɔ": "o", "œ": "ø", "ɜ": "e", "ɪ": "j", "ʦ": "s"}
)
_SURE, _READABLE, _SHARED = 2, 1, 0  # how much a word says for a French run; two in all are needed


class Entry(Protocol):
    """An entry of a lexicon, as `moien.text.lb.merge.Entry`."""

    @property
    def phonemes(self) -> str: ...
    @property
    def source(self) -> str: ...


Lookup = Callable[[str], Entry | None]


def french_runs(words: Sequence[str], lookup: Lookup) -> Mapping[int, str]:
    """Place → phonemes of the words of French runs; "" in `words` is a pause.

    A run goes from one French word to another, with French words, small words and `de` between them. Some of it must be
    French only: so Luxembourgish et, du, en, un stay Luxembourgish beside a French word.
    """
    found: dict[int, str] = {}
    for at, word in enumerate(words):
        if (word in _STARTS or word[:2] in _L) and at not in found:
            start, stop = _run(words, at, lookup)
            found |= {place: in_french(words[place], lookup) for place in range(start, stop)}
    return found


def _run(words: Sequence[str], at: int, lookup: Lookup) -> tuple[int, int]:
    """The places from and to of the run around the small word at `at`; two equal places if it is in none."""
    start, stop = at, at + 1
    if not _fits(words, at, lookup):
        return at, at
    while (
        start
        and _fits(words, start - 1, lookup)
        and (words[start] not in _ARTICLES or _is_small(words[start - 1]))
    ):
        start -= 1
    while stop < len(words) and _fits(words, stop, lookup):
        stop += 1
    while (
        start < stop
        and _is_small(words[start])
        and not (words[start].lower() in _OPENING and start + 1 < stop and not _is_small(words[start + 1]))
    ):
        start += 1
    while stop > start and _is_small(words[stop - 1]):
        stop -= 1
    if start <= at < stop:
        run = words[start:stop]
        if words[at].lower() == "de":  # Luxembourgish has de, too: no names of places that only MFA has
            surely = all(
                _is_small(word) or word.islower() or _frenchness(word, lookup) != _READABLE for word in run
            )
            return (start, stop) if surely and sum(_said(word, lookup) for word in run) > _SURE else (at, at)
        return (start, stop) if sum(_said(word, lookup) for word in run) >= _SURE else (at, at)
    after_noun = (
        at and words[at] in ("du", "des") and (entry := lookup(words[at - 1])) and entry.source == "french"
    )
    return (at, at + 1) if after_noun else (at, at)  # Rue du Fort


def _said(word: str, lookup: Lookup) -> int:
    """How much a word of a run says for French."""
    if _is_small(word):
        return int(word.lower() in _ONLY_FRENCH)
    return (_frenchness(word, lookup) or 0) + (word[:2] in _L)


def _is_small(word: str) -> bool:
    return word.lower() in SMALL


def _fits(words: Sequence[str], at: int, lookup: Lookup) -> bool:
    """Whether a word can belong to a run."""
    word = words[at]
    if word in _BOTH:
        return "".join(words[at + 1 : at + 2]).islower()
    return _is_small(word) or (len(word) > 1 and _frenchness(word, lookup) is not None)


def _frenchness(word: str, lookup: Lookup) -> int | None:
    """Whether a word is surely French, not in LOD and read by French rules, or in LOD and the same in both languages;
    None: another word."""
    word = _ELISION.sub("", word, count=1)
    lower, entry = word.lower(), lookup(word)
    if (entry and entry.source in ("french", "name")) or lower in _RUN_ONLY:
        return _SURE
    if not lower or lower in WEAK or len(lower) > _LONGEST or _LUXEMBOURGISH.search(lower):
        return None
    if not read_french(lower):
        return None
    if entry is None or entry.source in ("mfa", "lod2021"):
        return _SURE if _CLUE.search(lower) else _READABLE
    ours, theirs = _vague(entry.phonemes), _vague(read_french(lower))
    return _SHARED if theirs in (ours, ours.removesuffix("e")) else None


def _vague(phonemes: str) -> str:
    plain = re.sub("[ːˈˌ]", "", phonemes).translate(_VAGUE)
    return re.sub("(?<=\u0303)m(?=[bp])", "", plain)  # LOD has Luxembourg with and without m


def in_french(word: str, lookup: Lookup) -> str:
    """A word of a run: by the table of small words, by people (LOD, our tables), else by the rules."""
    return SMALL.get(word.lower()) or french_word(word, lookup)


def french_word(word: str, lookup: Lookup) -> str:
    """`in_french` for a word that is no small one (Nord-Est)."""
    before = _ELISION.match(word)
    word = word[before.end() :] if before else word
    sound = (
        {"c": "s", "j": "ʒ", "qu": "k"}.get(before[0][:-1].lower(), before[0][0].lower()) if before else ""
    )
    entry, ruled = lookup(word), read_french(word.lower())
    by_people = entry is not None and entry.source not in ("mfa", "lod2021") and word.lower() not in WEAK
    if entry and by_people and not (word.endswith("e") and entry.phonemes.endswith("ə")):
        return sound + entry.phonemes
    return sound + (ruled or (entry.phonemes if entry else ""))
