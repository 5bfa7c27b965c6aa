"""Pronunciations: the list of the Lëtzebuerger Online Dictionnaire (LOD, 2021, CC0) in the wheel `gruut-lang-lb`.

It has no stress marks and few inflected verbs: the commonest of those stand here.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from moien.errors import WrongData
from moien.text.lb.sounds import from_lexicon, stress

# Frequent words that the list lacks or gives in a form that is said only alone (et, ech); in LOD's notation.
_ADDED = {
    "et": "ət", "ech": "əɕ", "a": "ɑ", "as": "ɑs", "huet": "huət", "hues": "huəs", "hat": "haːt", "haten": "haːtən",
    "hätt": "hæt", "hätten": "hætən", "war": "vaːʀ", "waren": "vaːʀən", "wier": "viːɐ", "wieren": "viːɐʀən",
    "gouf": "ɡəʊf", "goufen": "ɡəʊfən", "gëtt": "ɡət", "gees": "ɡeːs", "geet": "ɡeːt", "kann": "kɑn", "kanns": "kɑns",
    "konnt": "kont", "konnten": "kontən", "kënnt": "kənt", "koum": "kəʊm", "koumen": "kəʊmən", "wëllt": "vəlt",
    "mécht": "meɕt", "steet": "ʃteːt", "stoung": "ʃtəʊŋ", "läit": "læːɪt", "louch": "ləʊχ", "seet": "zeːt",
    "sot": "zoːt", "sollt": "zolt", "däerf": "dɛːɐf", "weess": "veːs", "gesäit": "ɡəzæːɪt", "hëlt": "həlt",
    "kritt": "kʀit", "krut": "kʀuːt", "bleift": "blɑɪft", "zwou": "tswəʊ", "zwéin": "tswɜɪn", "uechtzéng": "uəɕtseŋ",
    "achtzeg": "ɑχtsəɕ", "celsius": "tsælzius", "lëtzebuerg": "lətsəbuːɐɕ",
    "circa": "tsiʀkaː", "christus": "kʀistus", "dollar": "dolaːʀ", "heescht": "heːʃt", "uno": "uːnoː",
    # stressed where no rule would put it; the normaliser says them often
    "kilometer": "kilomˈeːtɐ", "quadratkilometer": "kɑdʀaːtkilomˈeːtɐ", "zentimeter": "tsæntimˈeːtɐ",
    "millimeter": "milimˈeːtɐ", "milliard": "miliˈaːʀt", "milliarden": "miljˈɑʀdən", "abrëll": "ɑbʀˈəl",
    "august": "ɑʊɡˈust", "september": "zæptˈæmbɐ", "oktober": "oktˈoːbɐ", "november": "novˈæmbɐ",
    "dezember": "detsˈæmbɐ", "elo": "əlˈoː", "ewech": "əvˈæɕ", "schwul": "ʃwuːl", "professer": "pʀofˈæsɐ",
}  # fmt: skip

# Said without stress in a sentence: articles, pronouns, prepositions, conjunctions, auxiliaries.
UNSTRESSED = frozenset(
    "a ab am an ass as bei beim da dass dat datt de dee dem den der déi di dir du e eis em en eng engem engen enger "
    "ech er et fir gëtt gouf hat hatt hien hir hire hiren huet hu hunn iech ier ir mam mat mech mir mäin mäi net "
    "no nom ob oder op s säin säi se seng senge sengem senger si sinn sech sou sinn u um un vu vum vun war waren "
    "wa wann wat wéi well wou ze zu zum zur mä mer der dech".split()
)


def load_lexicon() -> dict[str, str]:
    """Word in lower case → phonemes in Kokoro's symbols, with stress. WrongData if the wheel is not whole."""
    spec = importlib.util.find_spec("gruut_lang_lb")
    if spec is None or not spec.submodule_search_locations:
        raise WrongData("the package gruut-lang-lb is missing", remedy="make setup")
    file = Path(spec.submodule_search_locations[0]) / "lexicon.db"
    try:
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        rows = database.execute("SELECT word, phonemes FROM word_phonemes ORDER BY word, pron_order DESC")
        words = {word: from_lexicon(ipa, word) for word, ipa in rows}  # the first in order wins
        database.close()
    except sqlite3.Error as error:
        raise WrongData(f"not a lexicon of gruut ({error})", where=file, remedy="make setup") from None
    words |= {word: from_lexicon(ipa, word) for word, ipa in _ADDED.items()}
    stressed = {word: stress(word, ipa) for word, ipa in words.items()}
    # dvd, gps and sms stand there without a vowel: they are better spelt
    return {word: words[word] if word in UNSTRESSED else ipa for word, ipa in stressed.items() if "ˈ" in ipa}


def write_lexicon(path: Path, words: Mapping[str, str]) -> None:
    """`word<TAB>phonemes`, sorted: the same bytes every time."""
    path.write_text("".join(f"{w}\t{words[w]}\n" for w in sorted(words)), encoding="utf-8", newline="\n")


def read_lexicon(path: Path) -> dict[str, str]:
    """What `write_lexicon` wrote; WrongData with `file:line`."""
    words = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise WrongData(f"cannot be read ({error})", where=path, remedy="run stage 2 again") from None
    for number, line in enumerate(lines, start=1):
        word, tab, phonemes = line.partition("\t")
        if not (tab and phonemes):
            raise WrongData("not `word<TAB>phonemes`", where=f"{path}:{number}", remedy="run stage 2 again")
        words[word] = phonemes
    return words
