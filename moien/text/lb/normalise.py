"""Text → the words to speak, the pauses and the silent pieces, each with its place in the text.

One pass over the clean text: the character at a place selects the rules, and the first one with a result wins. All
patterns are bounded or possessive, so the time is proportional to the length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from moien.text.lb.abbreviations import WRITTEN
from moien.text.lb.addresses import read_address, read_tag
from moien.text.lb.cleaning import Clean, clean
from moien.text.lb.figures import read_number
from moien.text.lb.grammar import MONTHS, SHORT_MONTHS
from moien.text.lb.letters import LATIN, read_greek, read_letters
from moien.text.lb.numbers import OPTIONAL_N, digits, settle_n
from moien.text.lb.reading import Part, Scan, in_words
from moien.text.lb.scores import read_dash
from moien.text.lb.short_names import WEEKDAYS, joins_names
from moien.text.lb.signs import NAMES, PAUSES, QUOTES
from moien.text.lb.span import Span

_LETTER = re.compile(f"[{LATIN}]")
_CURRENCY = re.compile(r"(?:US)?[$€£¥] ?\d|(?:EUR|CHF|USD|GBP) \d")
_PHONE = re.compile(r"\+\d{2}[\d ()./-]{5}")
_VULGAR = frozenset("½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
_MARKS = re.compile(r"(\.{2,}|(?P<same>[!?,;:…—–])(?>(?P=same)*))")
_UNREADABLE = re.compile(rf"[^\W\d_{LATIN}]++")
_EACH = frozenset("+&=%")  # C++
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
_SUPER = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,15}")
_DOMAIN = re.compile(r"\.([a-z]{2,4})(?![\w.])")
# The first sound of the name of a letter, where it is not the letter itself (äff, ku, icks): for the n-rule.
_LETTER_NAMES = str.maketrans("flmnrsxqwyvc", "eeeeeeekwifz")


# Nine of ten words are plain; no rule for numbers, letters or addresses can begin with one of them.
_PLAIN_WORD = re.compile(r"[A-ZÄËÉÖÜ]?[a-zäëéöü]{2,}+(?=[ \n,;!?]|(?<!str)[.:](?:[ \n]|$)|$)")
_NOT_PLAIN = (
    {row.removesuffix(".") for row in WRITTEN}
    | WEEKDAYS.keys()
    | {*SHORT_MONTHS, *MONTHS, *WEEKDAYS.values()}
)
# Signs that are drawn and not spoken: ====, +++, =>, <-
_DRAWN = frozenset("=+*#_~<>|/\\-")
_DECORATION = re.compile(
    r"(?P<same>[=+*#_~<>|/\\-])(?>(?P=same){2,})|(?:[=-]{1,3}>|<[=-]{1,3})(?![=\d])|(?<![^\s=])==(?=[\s=]|$)"
)
_HEART = re.compile(r"<3+(?=\s*+(?:$|[.!?,;:)<\n]|[^\w\s])|\s[a-zäëéöü]{2}|[<\n])(?!,\d|\s*%)")


def normalise(text: str) -> list[Span]:
    """The spans of a text in order; each character except white space is in exactly one. No text is an error."""
    cleaned = clean(text)
    line, scan = cleaned.text, Scan(cleaned.text)
    parts: list[tuple[int, Part]] = []
    at, end = 0, len(line)
    begins = True  # a word: at the start and after white space
    while at < end:
        if line[at] == " ":
            at, begins = at + 1, True
        elif begins and (match := _PLAIN_WORD.match(line, at)) and match[0] not in _NOT_PLAIN:
            word = match[0]
            scan.left, scan.before = word, scan.left
            scan.part = Part(match.end(), "word", (word,))
            parts.append((at, scan.part))
            at, begins = scan.part.end, False
        elif line[at] == "\n":
            if line_break := _line_break(scan, at):
                parts.append((at, line_break))
                scan.add(at, line_break)
            at, begins = at + 1, True
        else:
            for part in _read(scan, at):
                parts.append((at, part))
                scan.add(at, part)
                at = part.end
            begins = False
    return _place(text, cleaned, _settle(parts))


def _line_break(scan: Scan, at: int) -> Part | None:
    """A pause between two lines or cells of a table; not after or before another pause."""
    following = scan.text[at + 1 : at + 2]
    if not scan.left or not following or (following in PAUSES and PAUSES[following] != "—"):
        return None
    return Part(at + 1, "pause", pause=",")


def _read(scan: Scan, at: int) -> list[Part]:
    text = scan.text
    character = text[at]
    following = scan.character(at + 1)
    if character.isdecimal() and character.isascii():
        return (read_address(scan, at) if following.isalnum() or following in ".-" else []) or read_number(
            scan, at
        )
    if _LETTER.match(character):
        if _CURRENCY.match(text, at) and (number := read_number(scan, at)):
            return number
        return read_address(scan, at) or read_letters(scan, at)
    if character == "'":
        return read_letters(scan, at) or _single_quote(scan, at)
    if character in "#@" and (tag := read_tag(scan, at)):
        return tag
    if (character in _VULGAR or _CURRENCY.match(text, at)) and (number := read_number(scan, at)):
        return number
    if _PHONE.match(text, at):
        phone = read_number(scan, at)
        if phone and phone[0].rule == "phone":
            return phone
    if greek := read_greek(scan, at):
        return greek
    return _sign_before_number(scan, at) or _mark(scan, at) or _sign(scan, at)


def _sign_before_number(scan: Scan, at: int) -> list[Part]:
    """The sign of a number (-5, +4, *1801, ~10), or the dash between two numbers."""
    text = scan.text
    character, before, following = text[at], scan.character(at - 1), scan.character(at + 1)
    if character in "-–—~" and (between := read_dash(scan, at)):
        return between
    if character in "-–" and joins_names(scan, at):
        return [in_words(at + 1, "range", "bis")]
    if character == "+" and following == " " and (not at or text[at - 1] == "\n"):
        return [Part(at + 1, "silent")]
    if character == "<" and (heart := _HEART.match(text, at)):
        return [in_words(heart.end(), "sign", "Häerz")]
    if character in _DRAWN and (decoration := _DECORATION.match(text, at)):
        return [Part(decoration.end(), "silent")]
    if character in "*†" and (
        following.isdecimal() or (following == " " and scan.character(at + 2).isdecimal())
    ):
        if scan.part.rule in ("cardinal", "decimal") and character == "*":
            return [in_words(at + 1, "sign", "mol")]
        return [in_words(at + 1, "sign", "gebuer" if character == "*" else NAMES["†"])]
    if character in "<>" and following == " " and scan.character(at + 2).isdecimal():
        following = scan.character(at + 2)
    if not following.isdecimal():
        return []
    if character in "-–" and (before == " " or before in '(„“"[,;:*/=<>'):
        return [in_words(at + 1, "negative", "minus")]
    names = {"~": "ongeféier", "#": "Nummer", "<": "méi kleng wéi", ">": "méi grouss wéi"}
    return [in_words(at + 1, "sign", names[character])] if character in names else []


def _mark(scan: Scan, at: int) -> list[Part]:
    """Punctuation: a pause; several equal marks in a row are one."""
    text = scan.text
    character, before, following = text[at], scan.character(at - 1), scan.character(at + 1)
    if character in QUOTES:
        if character == '"' and scan.part.rule == "cardinal" and scan.part.end == at and scan.before == "'":
            return [in_words(at + 1, "unit", "Sekonne" + OPTIONAL_N)]  # 49° 36' 41"
        scan.in_quotes = not scan.in_quotes
        return [Part(at + 1, "pause", pause="“" if scan.in_quotes else "”")]
    if character == ".":
        if before == " " and (domain := _DOMAIN.match(text, at)):  # .lu
            return [in_words(at + 1, "url", "Punkt"), Part(domain.end(), "letters", (domain[1],))]
        if following.isdecimal() and before == " ":
            return [in_words(at + 1, "decimal", "Punkt")]
    if character == "-":
        return _hyphen(scan, at)
    if character in "–—―‒" and (not at or text[at - 1] == "\n"):
        return [Part(at + 1, "silent")]  # before an item of a list, like "+ "
    if character == "|":
        return [
            Part(at + 1, "pause", pause=",")
            if scan.left and scan.text[at + 1 :].strip()
            else Part(at + 1, "silent")
        ]
    if (
        character == "/"
        and (_LETTER.match(before) or before in " .")
        and (following == " " or _LETTER.match(following))
    ):
        return [Part(at + 1, "pause", pause=",")]
    pause = PAUSES.get(character)
    if not pause:
        return []
    run = _MARKS.match(text, at)
    end = run.end() if run else at + 1
    if character == ".":
        if (
            scan.part.end == at
            and scan.part.rule in ("cardinal", "decimal")
            and scan.character(at + 2).islower()
        ):
            return [Part(end, "silent")]  # Artikel 1. vun
        pause = "…" if end - at > 2 else "."
    return [Part(end, "pause", pause=pause)]


def _hyphen(scan: Scan, at: int) -> list[Part]:
    """A hyphen between spaces, or two in a row, is a dash; others (Gas- a Stëbs-) are silent."""
    end = at
    while scan.character(end) == "-":
        end += 1
    alone = scan.character(at - 1) == " " and scan.character(end) == " " and bool(scan.left)
    if alone or (end - at > 1 and scan.left):
        return [Part(end, "pause", pause="—")]
    return [Part(end, "silent")]


def _single_quote(scan: Scan, at: int) -> list[Part]:
    """An apostrophe outside words: minutes after a number, else a quotation mark, which is silent."""
    if scan.part.rule in ("cardinal", "decimal") and scan.part.end == at and not scan.in_single_quotes:
        return [in_words(at + 1, "unit", "Minutte" + OPTIONAL_N)]
    scan.in_single_quotes = scan.character(at - 1) == " " or not scan.character(at + 1).isalnum()
    return [Part(at + 1, "silent")]


def _sign(scan: Scan, at: int) -> list[Part]:
    """A sign with a name, a superscript, letters of another script, or a sign that is silent on purpose."""
    text = scan.text
    character = text[at]
    if (power := _SUPER.match(text, at)) and power[0] not in NAMES:
        value = "".join(_SUPERSCRIPTS[sign] for sign in power[0].removeprefix("⁻"))
        return [
            in_words(
                power.end(), "sign", ("héich minus " if power[0][0] == "⁻" else "héich ") + digits(value)
            )
        ]
    if name := NAMES.get(character):
        end = at + 1 if character in _EACH else _run_end(text, at)
        return [in_words(end, "sign", name)]
    if letters := _UNREADABLE.match(text, at):
        return [Part(letters.end(), "unreadable")]
    unreadable = unicodedata.category(character) in ("Lo", "Ll", "Lu", "Lt", "No", "Nl", "Co", "Cs", "Cn")
    return [Part(_run_end(text, at), "unreadable" if unreadable or character == "\ufffd" else "silent")]


def _run_end(text: str, at: int) -> int:
    """The end of a run of equal signs: five hearts are spoken once."""
    end = at + 1
    while end < len(text) and text[end] == text[at]:
        end += 1
    return end


def _settle(parts: Sequence[tuple[int, Part]]) -> list[tuple[int, Part]]:
    """Decide the optional n of each word by the next word; from the end of the text to its start."""
    settled = []
    following = Part(0, "pause")  # the next part that is spoken
    for start, part in reversed(parts):
        if part.rule != "word" and any(OPTIONAL_N in word for word in part.words):
            line = settle_n(f"{' '.join(part.words)} {_first_sound(following)}")
            part = part._replace(words=tuple(line.split(" ")[: len(part.words)]))
        settled.append((start, part))
        if part.rule != "silent":
            following = part
    return settled[::-1]


def _first_sound(part: Part) -> str:
    """A letter for the first sound of a part; "" for a pause."""
    if not part.words:
        return ""
    first = next((c for c in unicodedata.normalize("NFD", part.words[0][:3].lower()) if c.isalpha()), "")
    return first.translate(_LETTER_NAMES) if part.rule == "letters" else first


def _place(text: str, cleaned: Clean, parts: Sequence[tuple[int, Part]]) -> list[Span]:
    """The spans with their places in the original text, and silent spans for the characters that cleaning left out."""
    if cleaned.text and not cleaned.starts:
        return [Span(begin, part.end, part.rule, part.words, part.pause) for begin, part in parts]
    spans: list[Span] = []
    last = 0
    for begin, part in parts:
        start, end = max(cleaned.starts[begin], last), cleaned.ends[part.end - 1]
        if start >= end:  # one character of the text is two in Unicode's normal form
            before = spans.pop()
            spans.append(Span(before.start, before.end, before.rule, before.words + part.words, before.pause))
            continue
        if start > last:
            spans += _left_out(text, last, start)
        spans.append(Span(start, end, part.rule, part.words, part.pause))
        last = end
    return spans + _left_out(text, last, len(text))


def _left_out(text: str, start: int, end: int) -> list[Span]:
    gap = text[start:end]
    if not gap or gap.isspace():
        return []
    return [Span(start + len(gap) - len(gap.lstrip()), end - len(gap) + len(gap.rstrip()), "silent")]
