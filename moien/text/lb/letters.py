"""Readings that begin with a letter or apostrophe: words, abbreviations, initials, Roman numerals, capitals, Greek."""

from __future__ import annotations

import re
import unicodedata

from moien.text.lb import abbreviations, capitals, grammar
from moien.text.lb.figures import french_ordinal, read_number, read_short
from moien.text.lb.numbers import EN, cardinal, ordinal
from moien.text.lb.reading import Part, Scan, in_words
from moien.text.lb.short_names import read_name
from moien.text.lb.signs import GREEK

LATIN = "A-Za-zªÀ-ÖØ-öø-ʯḀ-ỿⱠ-Ɀ"
_WORD = re.compile(rf"[{LATIN}]++(?>(?:['-][{LATIN}]++)*)")
_RUN = re.compile(rf"[{LATIN}]++")
_HYPHENED = re.compile(rf"[{LATIN}']++")
_CLITIC = re.compile(r"(?:[dslmntjc]|qu)'", re.IGNORECASE)
_SHORT = re.compile(rf"'(?:[tsnmd]|hunn?|ch|n)(?![{LATIN}])")  # 't, 's
_DOTTED = re.compile(rf"(?:[{LATIN}]\.){{2,9}}(?:[{LATIN}](?![{LATIN}.'\d]))?")
_COMPANY = re.compile(r"[Ss]\. ?à ?\.? ?r\. ?l(?:\.(?!\w)|(?![\w.]))|[Ss]\.?à\.?r\.?l\.?(?![\w.])")
_INITIAL = re.compile(r"[A-ZÀ-ÖØ-Þ]\.(?=[ -]?[„“\"«(]?[A-ZÀ-ÖØ-Þ]| [a-zäëéöü])")
_GREEK = re.compile("[Ͱ-Ͽἀ-῿]+")
_TIMES = re.compile(r"\d [xX](?= ?\d| (?:pro|am|an|de|d'|all|méi|esou)|[.,;!?)]|$)")
_ROMAN = re.compile(
    rf"(?=[IVXLCDM])M{{0,3}}(?:CM|CD|D?C{{0,3}})(?:XC|XL|L?X{{0,3}})(?:IX|IV|V?I{{0,3}})(?![{LATIN}\d'-])"
)
_FRENCH_ROMAN = re.compile(rf"([IVX]{{1,5}})(er|ère|re|e|ᵉ|i?ème|eme)(?![{LATIN}\d'-])")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_CENTURY = re.compile(
    r"\.? (?:Joerhonnert|Jorhonnert|Jh|Jhdt|Joerdausend|Siècle|siècle|Arrondissement|Dynastie|Olympiad)"
)
_QUEENS = frozenset(
    "Elisabeth Elizabeth Charlotte Margareta Margrethe Margarethe Maria Marie Marie-Adelheid Katharina Kathrin Beatrix "
    "Victoria Viktoria Isabella Isabelle Anne Anna Christina Christine Johanna Jeanne Juliana Wilhelmina "
    "Mathilde Sofia "
    "Kleopatra Theresia".split()
)
_RULERS = _QUEENS | frozenset(
    "Louis Ludwig Lothaire Lothar Karel Karl Charles Pius Paul Johannes Benedikt Benoît Henri Heinrich Wëllem Wilhelm "
    "Guillaume Friedrich Philippe Philipp Leopold Napoleon Napoléon Carlos Felipe Adolphe Franz Sigismund Wenzel "
    "Wenceslas Gustav Christian Harald Olav Haakon Georg George Edward William James Peter Péiter Alexander Nikolaus "
    "Iwan Rudolf Albert Jean Robert Otto Konrad François Darius Dareios Ramses Ptolemaios Gregor Clemens Innozenz "
    "Urban Leo Honoré Rainier".split()
)
_DATIVE = frozenset("vum mam beim zum dem um am nom virum ënnerem iwwerem".split())
# Single letters that are words in lower case and at the start of a sentence (A = an, O = oh); elsewhere a capital is a
# name (Vitamin A).
_ONE_LETTER_WORDS = frozenset("aeouàAEOUÀ")


def read_letters(scan: Scan, at: int) -> list[Part]:
    """The parts at a Latin letter, or at an apostrophe that belongs to a word; [] if it does not."""
    text = scan.text
    if text[at] == "'":
        if scan.in_single_quotes and not scan.character(at - 1).isspace():
            return []
        if short := _SHORT.match(text, at):
            return [in_words(short.end(), "word", short[0])]
        return read_short(scan, at)
    if name := read_name(scan, at):
        return [name]
    if text[at] in "Ss" and (company := _COMPANY.match(text, at)):
        return _spelled(scan, company)
    if found := abbreviations.match(text, at):
        return [_abbreviation(scan, *found)]
    if dotted := _DOTTED.match(text, at):
        return _spelled(scan, dotted)
    if clitic := _clitic_letters(scan, at):
        return clitic
    if numeral := _roman(scan, at) or _french_roman(scan, at):
        return [numeral]
    if (initial := _INITIAL.match(text, at)) and not grammar.ends_sentence(text, initial.end()):
        return [_initial(scan, initial)]
    return _clitic_number(scan, at) or _token(scan, at)


def read_greek(scan: Scan, at: int) -> list[Part]:
    """A Greek letter by its name, a Greek word in Latin letters."""
    match = _GREEK.match(scan.text, at)
    if not match:
        return []
    letters = [c for c in unicodedata.normalize("NFD", match[0].lower()) if not unicodedata.combining(c)]
    if not all(letter in GREEK for letter in letters):
        return []
    name = GREEK[letters[0]][0] if len(letters) == 1 else "".join(GREEK[letter][1] for letter in letters)
    return [Part(match.end(), "greek", (name,))]


def _abbreviation(scan: Scan, end: int, words: str) -> Part:
    """The point belongs to the abbreviation; at the end of a sentence it is a pause."""
    if words.endswith("-") and (name := _WORD.match(scan.text, end)):
        return Part(name.end(), "abbreviation", (words + name[0],))  # Ste-Zithe
    stops = scan.text[end - 1] == "." and grammar.ends_sentence(scan.text, end)
    return in_words(end - stops, "abbreviation", words)


def _initial(scan: Scan, match: re.Match[str]) -> Part:
    """An initial; the H. of den H. Weber is a title, that of Johan H. Weber an initial."""
    if (
        match[0] == "H."
        and match.string[match.end() : match.end() + 1] == " "
        and not scan.left[:1].isupper()
    ):
        return in_words(match.end(), "abbreviation", "Här")
    if match[0] == "H." and scan.left in ("Den", "De", "Dem", "Vum"):
        return in_words(match.end(), "abbreviation", "Här")
    return Part(match.end(), "letters", (match[0][0],))


def _clitic_number(scan: Scan, at: int) -> list[Part]:
    """d'2. Halschecht: the article and the number are one word."""
    match = _CLITIC.match(scan.text, at)
    if not match or not scan.character(match.end()).isdecimal():
        return []
    scan.left, scan.before = match[0].lower(), scan.left
    first, *rest = read_number(scan, match.end())
    return [Part(first.end, first.rule, (match[0] + first.words[0], *first.words[1:])), *rest]


def _clitic_letters(scan: Scan, at: int) -> list[Part]:
    """d'CSV and d'F.L.G.: the article is a word, the rest is spelled."""
    match = _CLITIC.match(scan.text, at)
    if not match or not (run := _RUN.match(scan.text, match.end())):
        return []
    after = match.end()
    parts: list[Part] = []
    if numeral := _roman(scan, after, match[0].lower()):  # d'V. Republik: one word
        return [Part(numeral.end, numeral.rule, (match[0] + numeral.words[0], *numeral.words[1:]))]
    if found := abbreviations.match(scan.text, after):
        parts = [_abbreviation(scan, *found)]
    elif dotted := _DOTTED.match(scan.text, after):
        parts = _spelled(scan, dotted)
    elif len(run[0]) > 1 and _is_letters(scan, after, run[0]):
        parts = [_run(scan, after, run[0])]
    return [Part(after, "word", (match[0],)), *parts] if parts else []


def _spelled(scan: Scan, dotted: re.Match[str]) -> list[Part]:
    end = dotted.end()
    stops = scan.text[end - 1] == "." and grammar.ends_sentence(scan.text, end)
    return [Part(end - stops, "letters", (dotted[0].replace(".", "").replace(" ", "").upper(),))]


def _token(scan: Scan, at: int) -> list[Part]:
    text = scan.text
    match = _WORD.match(text, at)
    assert match, "the caller saw a letter"
    end = match.end()
    word = match[0]
    if word in ("x", "X") and (scan.character(at - 1).isdecimal() or _TIMES.match(text, at - 2)):
        return [in_words(end, "sign", "mol")]  # 2x, 4x4, 2 x 5 kg
    if scan.character(end) == "'" and _CLITIC.fullmatch(word + "'") and not scan.in_single_quotes:
        return [Part(end + 1, "word", (word + "'",))]
    if word[-3:].lower() == "str" and len(word) > 5 and scan.character(end) == ".":  # Haaptstr.
        stops = grammar.ends_sentence(text, end + 1)
        return [Part(end + (not stops), "abbreviation", (word + "ooss",))]
    runs = list(_HYPHENED.finditer(text, at, end))
    if len(runs) == 1 or not any(_is_letters(scan, run.start(), run[0]) for run in runs):
        return [_run(scan, at, word)]
    parts = []
    for run in runs:  # US-amerikanesch, E-Mail
        if run.start() > at:
            parts.append(Part(run.start(), "silent"))
        parts.append(_run(scan, run.start(), run[0]))
    return parts


def _run(scan: Scan, at: int, word: str) -> Part:
    return Part(at + len(word), "letters" if _is_letters(scan, at, word) else "word", (word,))


def _is_letters(scan: Scan, at: int, word: str) -> bool:
    """Whether a run of letters is spelled."""
    if "'" in word:
        return False
    before, after = scan.character(at - 1), scan.character(at + len(word))
    if len(word) == 1:
        if before.isdecimal() or after.isdecimal() or (after == "-" and word.isupper()):
            return True
        return word not in _ONE_LETTER_WORDS or (word.isupper() and bool(scan.left) and before == " ")
    if word.isupper():
        return not capitals.is_word_at(scan.text, at, word)
    large = sum(letter.isupper() for letter in word)
    mixed = len(word) <= 4 and any(letter.isupper() for letter in word[1:])
    return mixed and (
        2 * large > len(word) or not re.search("[aeiouyäëéöü]", word)
    )  # SiO, PhD, GmbH, not LuxX


_NUMBERED = re.compile(
    r"\. (?:\w+ )?\w*(?:[Ww]eltkrich|[Kk]rich|[Rr]epublik|[Kk]aiserräich|[Rr]äich|[Kk]ongress|[Kk]onzil|"
    r"[Ll]egislatur\w*|[Ss]ymphonie|[Ss]infonie|"
    r"[Ii]nternational\w*|[Ee]tapp|[Dd]eel|[Kk]apitel|[Aa]kt|[Dd]ynastie|[Kk]lass|[Ll]iga|[Dd]ivisioun|[Vv]atikan\w*|[Oo]lympiad|[Ss]piller|"
    r"[Bb]and|[Kk]räizzuch|[Ff]orum|[Ee]ditioun|[Gg]eneratioun|[Pp]has|[Aa]rrondissement|[Rr]unn?|[Aa]rméi|[Kk]orps|[Bb]ataillon)(?![^\W\d_])"
)
_BEFORE_INITIALS = frozenset("Här Madamm Mme Fra Joffer Dr. Prof.".split())  # den Här V. gouf
_DIVIDED = frozenset("kapitel deel band akt buch artikel phas zeen weltkrich".split())  # Akt I
_HIGHEST_ROMAN = 40  # of rulers, centuries and things that are counted


def _roman(scan: Scan, at: int, article: str = "") -> Part | None:
    """Louis XIV. de véierzéngten, XIX. Joerhonnert, den II. Weltkrich, Joer XII; None if the letters are no numeral."""
    text, left = scan.text, article or scan.left
    match = _ROMAN.match(text, at)
    if not match or scan.character(at - 1) not in " (\"“„'":
        return None
    word, end = match[0], match.end()
    value = _roman_value(word)
    dot = scan.character(end) == "."
    stops = dot and grammar.ends_sentence(text, end + 1)
    if value <= _HIGHEST_ROMAN and (
        _CENTURY.match(text, end) or (dot and not stops and _counts(text, end, word, left.lower()))
    ):
        noun = grammar.noun_after(text, end + dot)
        ending = grammar.ordinal_ending(left.lower(), noun)
        return in_words(
            end + dot, "roman", ordinal(value, grammar.bare_ending(noun) if ending is None else ending)
        )
    if article:
        return None
    name = left.replace("'", "-").rpartition("-")[2]
    goes_on = dot and not stops and scan.character(end + 1) == " " and scan.character(end + 2).islower()
    unknown_name = goes_on and left[:1].isupper() and bool(scan.before) and left not in _BEFORE_INITIALS
    if value <= _HIGHEST_ROMAN and (
        unknown_name or (name in _RULERS and (dot or len(word) > 1 or word in "IVX"))
    ):
        return in_words(end + (dot and not stops), "roman", _ruler(scan, name, value))
    if len(word) > 1 and not left and dot and not stops and value <= _HIGHEST_ROMAN:
        noun = grammar.noun_after(text, end + 1)
        return in_words(end + 1, "roman", ordinal(value, grammar.bare_ending(noun)))
    if len(word) == 1 and word in "IVX" and left.lower() in _DIVIDED:
        return in_words(end, "roman", cardinal(value))
    if len(word) == 1 or (set(word) - set("IVX") and len(word) < 4) or not left:
        return None
    return in_words(end, "roman", cardinal(value))


def _french_roman(scan: Scan, at: int) -> Part | None:
    """XXe siècle."""
    match = _FRENCH_ROMAN.match(scan.text, at)
    if not match:
        return None
    words = french_ordinal(_roman_value(match[1]), match[2], scan, match.end())
    return in_words(match.end(), "roman", words) if words else None


def _counts(text: str, end: int, word: str, left: str) -> bool:
    """Whether a numeral with a point is an ordinal: den II. Weltkrich, but not den I. Weber."""
    if left not in grammar.ARTICLES:
        return False
    return bool(_NUMBERED.match(text, end)) or (len(word) > 1 and not set(word) - set("IVX"))


def _ruler(scan: Scan, name: str, value: int) -> str:
    """The numeral of a king, a queen or a pope with its article, in the case of the words before the name."""
    before = scan.before.lower()
    if name in _QUEENS or before == "déi" or (scan.left[:2].lower() == "d'"):
        return f"der {ordinal(value, 'er')}" if before == "der" else f"déi {ordinal(value)}"
    return f"{'dem' if before in _DATIVE else 'de' + EN[-1]} {ordinal(value, EN)}"


def _roman_value(word: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in word]
    return sum(-v if v < later else v for v, later in zip(values, [*values[1:], 0], strict=True))
